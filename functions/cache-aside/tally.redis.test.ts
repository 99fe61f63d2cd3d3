import { describe, inject, it } from "vitest";
import { UpstreamError } from "../../shared/kernel/errors.ts";
import type { RedisPort } from "../../shared/redis/port.ts";
import { tallyKey } from "./keys.ts";
import { createTally, flush, flushLater, readTally } from "./tally.ts";
import { itemsOf } from "./testing/names.ts";
import { createService } from "./testing/service.ts";

const stores = createService({
  redis: inject("redis"),
  databaseUrl: inject("postgres").databaseUrl,
}).stores(60_000);
const freshInstance = () => itemsOf("tally")("-").instance;

const failing = (outcome: "not_applied" | "unknown"): RedisPort => {
  const fail = () =>
    Promise.reject(new UpstreamError({ dependency: "redis", fault: "timeout", outcome }));
  return { command: fail, script: fail };
};

describe("tally", () => {
  it("sums what several isolates have counted, per tenant, and expires", async ({ expect }) => {
    const instance = freshInstance();
    const isolates = [createTally(), createTally()];
    for (const tally of isolates) {
      tally.add("a", "hits");
      tally.add("a", "hits");
      tally.add("b", "misses");
      await flush(tally, stores.redis, instance);
      await flush(tally, stores.redis, instance);
    }
    expect(await readTally(stores.redis, { instance, tenant: "a" })).toMatchObject({ hits: 4 });
    expect(await readTally(stores.redis, { instance, tenant: "b" })).toMatchObject({ misses: 2 });
    expect(await readTally(stores.redis, { instance, tenant: "c" })).toMatchObject({ hits: 0 });
    const key = tallyKey({ instance, tenant: "a" });
    expect(Number(await stores.redis.command(["PTTL", key]))).toBeGreaterThan(29 * 86_400_000);
  });

  it("keeps counts that surely did not arrive, and never sends again those that may have", async ({
    expect,
  }) => {
    const instance = freshInstance();
    const tally = createTally();
    tally.add("a", "hits");
    await flush(tally, failing("not_applied"), instance);
    expect(tally.take().get("a")).toMatchObject({ hits: 1 });
    tally.add("a", "hits");
    await flush(tally, failing("unknown"), instance);
    expect(tally.take().size).toBe(0);
    expect(tally.total("a")).toMatchObject({ hits: 2 });
  });

  it("has one flush scheduled at a time, and schedules anew when that one was lost", ({
    expect,
  }) => {
    const tally = createTally();
    expect(tally.claimFlush(0)).toBe(false);
    tally.add("a", "hits");
    expect([tally.claimFlush(0), tally.claimFlush(1), tally.claimFlush(10_999)]).toEqual([
      true,
      false,
      false,
    ]);
    expect(tally.claimFlush(11_000)).toBe(true);
    tally.take();
    tally.add("a", "hits");
    expect(tally.claimFlush(11_001)).toBe(true);
  });

  it("flushes a second after the first count, with all that came until then", async ({
    expect,
  }) => {
    const instance = freshInstance();
    const tally = createTally();
    const slept: number[] = [];
    tally.add("a", "hits");
    const sleep = async (ms: number) => {
      slept.push(ms);
      tally.add("a", "fills");
    };
    await flushLater(tally, { ...stores, attempts: { ...stores.attempts, sleep } }, instance);
    expect(slept).toEqual([1_000]);
    const sums = await readTally(stores.redis, { instance, tenant: "a" });
    expect(sums).toMatchObject({ hits: 1, fills: 1 });
  });
});
