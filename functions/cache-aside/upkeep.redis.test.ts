import { describe, it } from "vitest";
import { useTestStores } from "../../local/testing/use-stores.ts";
import { readConfig } from "../config.ts";
import { COLLECT_MAX } from "./items.ts";
import type { ItemRef } from "./keys.ts";
import { countPending } from "./outbox.ts";
import { createFixture } from "./testing/fixture.ts";
import { cacheAsideJobs } from "./upkeep.ts";

const stores = useTestStores();

const { isolate, written } = createFixture("upkeep", () => stores);

/** Runs one of the jobs as a tick does. */
async function run(operation: string, { instance }: ItemRef, deadlineMs = 20_000): Promise<void> {
  const job = cacheAsideJobs.find((one) => one.operation === operation);
  if (job === undefined) throw new Error(`no job ${operation}`);
  await job.run(isolate().stores(deadlineMs), readConfig({ INSTANCE: instance }));
}

/** Leaves tombstones and outbox rows that are an hour old. */
async function leave({ instance }: ItemRef, count: number): Promise<void> {
  const { postgres } = isolate().stores(60_000);
  const old = "clock_timestamp() - interval '1 hour'";
  await postgres.query(
    `INSERT INTO items (instance, tenant, id, version, deleted_at, updated_at)
     SELECT $1, 'test', 'gone-' || n, n, ${old}, ${old} FROM generate_series(1, $2::int) n`,
    [instance, count],
  );
  await postgres.query(
    `INSERT INTO items_outbox SELECT $1, 'test', 'gone-' || n, n, ${old} FROM generate_series(1, $2::int) n`,
    [instance, count],
  );
}

async function left({ instance }: ItemRef) {
  const { postgres } = isolate().stores();
  const [row] = await postgres.query(
    "SELECT count(*) AS n FROM items WHERE instance = $1 AND deleted_at IS NOT NULL",
    [instance],
  );
  return { tombstones: Number(row?.["n"]), pending: await countPending(postgres, instance) };
}

describe("upkeep", () => {
  it("collects tombstones while Redis is down", async ({ expect }) => {
    const { item } = await written("redis-down");
    await leave(item, 3);
    stores.redis.faults.add({ target: "main", kind: "refuse" });
    await expect(run("cache-aside.drain", item)).rejects.toMatchObject({ dependency: "redis" });
    await run("cache-aside.collect", item);
    expect(await left(item)).toEqual({ tombstones: 0, pending: 3 });
  });

  it("goes on until nothing is left", async ({ expect }) => {
    const { item } = await written("backlog");
    await leave(item, 2 * COLLECT_MAX + 1);
    await Promise.all(cacheAsideJobs.map(({ operation }) => run(operation, item)));
    expect(await left(item)).toEqual({ tombstones: 0, pending: 0 });
  });

  it("leaves the rest to the next tick instead of running out of time", async ({ expect }) => {
    const { item } = await written("no-time");
    await leave(item, 3);
    for (const { operation } of cacheAsideJobs) await run(operation, item, 1_900);
    expect(await left(item)).toEqual({ tombstones: 3, pending: 3 });
  });
});
