import { describe, it } from "vitest";
import { useTestStores } from "../../local/testing/use-stores.ts";
import { createGate } from "./gate.ts";
import { createFixture, seen } from "./testing/fixture.ts";

const stores = useTestStores();

const { named, isolate, written, cached, asked } = createFixture("outage", () => stores);

describe("without Redis", () => {
  for (const kind of ["refuse", "drop-request", "drop-response", "garbage", "error"] as const) {
    it(`reads go on from Postgres when Redis answers with ${kind}`, async ({ expect }) => {
      const { item } = await cached(`redis-${kind}`);
      const service = isolate();
      stores.redis.faults.add({ target: "main", kind });
      for (let n = 0; n < 8; n += 1) expect(seen(await service.read(item))).toBe('bypass "v"');
    });
  }

  it("reads go on within their deadline when Redis is slow", async ({ expect }) => {
    const { item } = await cached("redis-slow");
    const service = isolate();
    stores.redis.faults.add({ target: "main", kind: "delay", delayMs: 5_000 });
    expect(seen(await service.read(item, 1_000))).toBe('bypass "v"');
  });

  it("reads stop asking Redis after a few failures", async ({ expect }) => {
    const { item } = await cached("redis-breaker");
    const service = isolate();
    stores.redis.faults.add({ target: "main", kind: "drop-request" });
    const state = () => service.redis.breaker.state(Date.now());
    await expect.poll(() => service.read(item).then(state)).toBe("open");
    const open = await asked(service, () => service.read(item));
    expect(open.inAll).toEqual({ redis: 0, postgres: 1 });
  });

  it("at most so many read from Postgres at once, and the others are told to come again", async ({
    expect,
  }) => {
    const { item } = await cached("overloaded");
    const service = isolate({ gate: createGate(3) });
    stores.redis.faults.add({ target: "main", kind: "refuse" });
    stores.postgres.faults.add({ target: "postgres", kind: "delay", delayMs: 1_500 });
    stores.postgres.http.resetCounters();
    const found = await Promise.all(Array.from({ length: 10 }, () => service.read(item, 3_000)));
    const sources = found.map(seen);
    expect(sources.filter((source) => source === 'bypass "v"')).toHaveLength(3);
    expect(sources.filter((source) => source === "overloaded")).toHaveLength(7);
    expect(stores.postgres.http.counters().requests).toBe(3);
  });

  it("a read that found nothing cached goes on when Redis dies before the lease", async ({
    expect,
  }) => {
    const { item } = await written("dies-between");
    const service = isolate();
    stores.redis.faults.add({ target: "main", kind: "drop-request", skip: 1 });
    expect(seen(await service.read(item))).toBe('bypass "v"');
  });
});

describe("without Postgres", () => {
  it("cached items are served, and others fail without being taken for absent", async ({
    expect,
  }) => {
    const { item } = await cached("postgres-dead");
    const service = isolate();
    stores.postgres.faults.add({ target: "postgres", kind: "refuse" });
    expect(seen(await service.read(item))).toBe('hit "v"');
    await expect(service.read(named("not-cached"))).rejects.toMatchObject({
      dependency: "postgres",
      fault: "unreachable",
    });
  });

  it("an answer that is garbage is not cached", async ({ expect }) => {
    const { item } = await written("postgres-garbage");
    const service = isolate();
    stores.postgres.faults.add({ target: "postgres", kind: "garbage", count: 3 });
    await expect(service.read(item)).rejects.toMatchObject({ fault: "garbage" });
    await service.settled();
    expect(seen(await service.read(item))).toBe('miss "v"');
  });
});
