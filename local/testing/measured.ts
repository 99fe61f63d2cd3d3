/**
 * @module
 * What a call costs, in the words of those who serve it.
 */
import type { Redis } from "ioredis";
import type { TestRedis } from "./stores.ts";

/** Requests that the store's front has seen: its word, not the app's. */
export async function tripsOf(redis: TestRedis, work: () => Promise<unknown>): Promise<number> {
  const count = () =>
    Object.values(redis.http.counters()).reduce((sum, { requests }) => sum + requests, 0);
  const before = count();
  await work();
  return count() - before;
}

/** Commands that Redis ran, those inside a script included. */
export async function commandsOf(direct: Redis, work: () => Promise<unknown>): Promise<number> {
  const count = async () => {
    const stats = await direct.info("commandstats");
    const lines = [...stats.matchAll(/^cmdstat_([^:]+):calls=(\d+)/gm)];
    return lines.reduce((sum, [, name, n]) => (name === "info" ? sum : sum + Number(n)), 0);
  };
  const before = await count();
  await work();
  return (await count()) - before;
}
