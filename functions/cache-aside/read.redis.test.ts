import { describe, it } from "vitest";
import { useTestStores } from "../../local/testing/use-stores.ts";
import { LEASE_MS } from "./cache.ts";
import { encodeEntry } from "./entry.ts";
import { FRESH_MS, REVALIDATE_MS, STALE_IF_ERROR_MS } from "./freshness.ts";
import { dataKey, type ItemRef, leaseKey } from "./keys.ts";
import { createFixture, seen } from "./testing/fixture.ts";

const stores = useTestStores();

const { named, isolate, written, cached, asked } = createFixture("read", () => stores);

describe("a read", () => {
  it("is a miss that fills, then a hit", async ({ expect }) => {
    const { item, service } = await written("miss-then-hit", '{"a": 1}');
    expect(seen(await service.read(item))).toBe('miss {"a": 1}');
    await service.settled();
    expect(seen(await service.read(item))).toBe('hit {"a": 1}');
    expect(service.counts).toMatchObject({ misses: 1, hits: 1, fills: 1, databaseQueries: 1 });
  });

  it("costs one trip to Redis on a hit, and two and one to Postgres on a miss", async ({
    expect,
  }) => {
    const { item, service } = await cached("trips");
    const hit = await asked(service, () => service.read(item));
    expect(hit).toEqual({
      inReply: { redis: 1, postgres: 0 },
      inAll: { redis: 1, postgres: 0 },
    });
    await service.put(item, '"w"');
    await service.settled();
    const miss = await asked(service, () => service.read(item));
    expect(miss.inAll).toEqual({ redis: 3, postgres: 1 });
    expect(miss.inReply.postgres).toBe(1);
  });

  it("caches that an item does not exist, until it is created", async ({ expect }) => {
    const item = named("absent");
    const service = isolate();
    expect(seen(await service.read(item))).toBe("miss ");
    await service.settled();
    const second = await asked(service, async () => {
      expect(await service.read(item)).toMatchObject({ source: "hit", entry: { version: null } });
    });
    expect(second.inAll.postgres).toBe(0);
    await service.put(item, "1");
    expect(seen(await service.read(item))).toBe("miss 1");
  });

  it("replaces what is not an entry of this format", async ({ expect }) => {
    const { item, service } = await cached("foreign");
    const data = dataKey(item);
    await service.stores().redis.command(["SET", data, "9 something", "PX", 60_000]);
    expect(seen(await service.read(item))).toBe('miss "v"');
    await service.settled();
    expect(seen(await service.read(item))).toBe('hit "v"');
  });

  it("goes past a key of another type, and is right all the same", async ({ expect }) => {
    const { item, service } = await cached("wrong-type");
    const data = dataKey(item);
    await service.stores().redis.command(["DEL", data]);
    await service.stores().redis.command(["RPUSH", data, "x"]);
    expect(seen(await service.read(item))).toBe('bypass "v"');
    await service.put(item, '"w"');
    await service.settled();
    expect(seen(await service.read(item))).toBe('miss "w"');
  });
});

describe("a herd of readers", () => {
  it("makes one query for 500 concurrent misses", async ({ expect }) => {
    const { item, service } = await written("herd");
    stores.postgres.http.resetCounters();
    const reads = Array.from({ length: 500 }, () => service.read(item, 10_000));
    const found = await Promise.all(reads);
    await service.settled();
    expect(stores.postgres.http.counters().requests).toBe(1);
    expect(new Set(found.map((f) => f.kind === "item" && f.entry.value))).toEqual(new Set(['"v"']));
    const { misses, coalesced, hits, databaseQueries } = service.counts;
    expect({ misses, databaseQueries }).toEqual({ misses: 1, databaseQueries: 1 });
    expect(misses + coalesced + hits).toBe(500);
  });

  it("waits for a slow query instead of making more", async ({ expect }) => {
    const { item, service } = await written("slow-herd");
    stores.postgres.faults.add({ target: "postgres", kind: "delay", delayMs: 700 });
    stores.postgres.http.resetCounters();
    const found = await Promise.all(Array.from({ length: 50 }, () => service.read(item)));
    await service.settled();
    expect(stores.postgres.http.counters().requests).toBe(1);
    expect(found.map(seen).sort()).toEqual([...Array(49).fill('collapsed "v"'), 'miss "v"']);
  });

  it("goes on with the next reader when the first one never fills", async ({ expect }) => {
    const { item, service } = await written("no-fill");
    const lease = leaseKey(item);
    const { redis: port } = service.stores();
    const [time] = (await port.command(["TIME"])) as string[];
    await port.command(["HSET", lease, "newest", Number(time) * 1_000_000 - 700_000]);
    const found = await service.read(item, 10_000);
    expect(seen(found)).toBe('miss "v"');
  });

  it("is told to come again when the load takes longer than it can wait", async ({ expect }) => {
    const { item, service } = await written("waits-too-long");
    stores.postgres.faults.add({ target: "postgres", kind: "delay", delayMs: 3_000, count: 1 });
    const first = service.read(item, 10_000);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(seen(await service.read(item, 600))).toBe("waited");
    expect(seen(await first)).toBe('miss "v"');
  });

  it("hands the load on at once when the query fails", async ({ expect }) => {
    const { item, service } = await written("query-fails");
    stores.postgres.faults.add({ target: "postgres", kind: "error", status: 500, count: 3 });
    await expect(service.read(item)).rejects.toMatchObject({ dependency: "postgres" });
    await service.settled();
    // Less than a grant keeps others waiting.
    expect(seen(await service.read(item, LEASE_MS - 500))).toBe('miss "v"');
  });
});

describe("an entry past its freshness", () => {
  it("is served stale and renewed after the reply, by one reader", async ({ expect }) => {
    const { item, service } = await cached("revalidate");
    service.setAhead(FRESH_MS + 1_000);
    const first = await asked(service, async () => {
      expect((await Promise.all([1, 2, 3].map(() => service.read(item)))).map(seen)).toEqual(
        Array(3).fill('stale "v"'),
      );
    });
    expect(first.inAll.postgres).toBe(1);
    expect(seen(await service.read(item))).toBe('hit "v"');
    expect(service.counts).toMatchObject({ stale: 3, fills: 2 });
  });

  it("is renewed before it ends when the dice say so", async ({ expect }) => {
    const { item } = await written("early");
    const service = isolate({ random: () => 0.999 });
    const nowMs = Date.now();
    const times = { loadedAtMs: nowMs - 10_000, freshUntilMs: nowMs + 5_000, loadMs: 1_000 };
    const entry = encodeEntry({ version: "1", value: '"v"', ...times });
    await service.stores().redis.command(["SET", dataKey(item), entry, "PX", 60_000]);
    const early = await asked(service, async () => {
      expect(seen(await service.read(item))).toBe('hit "v"');
    });
    expect(early.inAll.postgres).toBe(1);
  });

  it("is renewed in the request when it is older than that", async ({ expect }) => {
    const { item, service } = await cached("renew-now");
    service.setAhead(FRESH_MS + REVALIDATE_MS + 1_000);
    expect(seen(await service.read(item))).toBe('miss "v"');
  });

  it("is served stale when Postgres is dead, and nobody tries again for a while", async ({
    expect,
  }) => {
    const { item, service } = await cached("stale-if-error");
    service.setAhead(FRESH_MS + REVALIDATE_MS + 1_000);
    stores.postgres.faults.add({ target: "postgres", kind: "refuse" });
    expect(seen(await service.read(item))).toBe('stale "v"');
    const second = await asked(service, async () => {
      expect(seen(await service.read(item))).toBe('stale "v"');
    });
    expect(second.inAll).toEqual({ redis: 2, postgres: 0 });
  });

  it("is served stale well before the deadline when Postgres is slow", async ({ expect }) => {
    const { item, service } = await cached("stale-if-slow");
    service.setAhead(FRESH_MS + REVALIDATE_MS + 1_000);
    stores.postgres.faults.add({ target: "postgres", kind: "delay", delayMs: 5_000, count: 1 });
    const startedMs = performance.now();
    expect(seen(await service.read(item, 2_000))).toBe('stale "v"');
    expect(performance.now() - startedMs).toBeLessThan(1_700);
  });

  it("is not served at all when it is too old", async ({ expect }) => {
    const { item, service } = await cached("too-old");
    service.setAhead(FRESH_MS + STALE_IF_ERROR_MS + 10_000);
    stores.postgres.faults.add({ target: "postgres", kind: "refuse" });
    await expect(service.read(item)).rejects.toMatchObject({ dependency: "postgres" });
  });
});

describe("a key in Redis", () => {
  it("never stays without an expiry", async ({ expect }) => {
    const items: ItemRef[] = [(await cached("ttl")).item, named("ttl-absent")];
    const service = isolate();
    for (const item of items) await service.read(item);
    await service.settled();
    const port = service.stores().redis;
    for (const item of items) {
      const ttlMs = Number(await port.command(["PTTL", dataKey(item)]));
      expect(ttlMs).toBeGreaterThan(0);
      expect(ttlMs).toBeLessThanOrEqual(1.1 * FRESH_MS + STALE_IF_ERROR_MS);
    }
  });
});
