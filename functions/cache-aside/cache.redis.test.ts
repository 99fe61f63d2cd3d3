import { describe, inject, it } from "vitest";
import {
  dropEntry,
  fillItem,
  forgetItems,
  getEntry,
  invalidate,
  LEASE_MS,
  leaseItem,
  releaseItem,
} from "./cache.ts";
import type { Entry } from "./entry.ts";
import { dataKey, type ItemRef, leaseKey } from "./keys.ts";
import { itemsOf } from "./testing/names.ts";
import { createService } from "./testing/service.ts";

const { redis } = createService({
  redis: inject("redis"),
  databaseUrl: inject("postgres").databaseUrl,
}).stores(60_000);
const named = itemsOf("cache");
const timeoutMs = 5_000;

const entry: Entry = {
  version: "1",
  value: '{"a":1}',
  loadedAtMs: 1_000,
  freshUntilMs: 61_000,
  loadMs: 5,
};

const lease = (item: ItemRef, token: string, mode: "absent" | "refresh" = "absent") =>
  leaseItem(redis, item, { token, mode, timeoutMs });
const fill = (item: ItemRef, token: string, filled = entry) =>
  fillItem(redis, item, { token, entry: filled, keptMs: 60_000 });
const get = (item: ItemRef) => getEntry(redis, item, timeoutMs);

/** Makes a grant look `ms` older than it is. */
async function age(item: ItemRef, token: string, ms: number): Promise<void> {
  const key = leaseKey(item);
  await redis.command(["HINCRBY", key, token, -ms]);
}

describe("lease", () => {
  it("grants the load to one reader and holds the others for at most the lease", async ({
    expect,
  }) => {
    const item = named("one-reader");
    expect(await lease(item, "a")).toEqual({ kind: "granted" });
    const held = await lease(item, "b");
    expect(held).toEqual({ kind: "held", leftMs: expect.any(Number) });
    expect(held.kind === "held" && held.leftMs).toBeLessThanOrEqual(LEASE_MS);
    expect(await lease(item, "a")).toEqual({ kind: "granted" });
  });

  it("grants the load to the next reader once the first has had its time", async ({ expect }) => {
    const item = named("next-reader");
    await lease(item, "a");
    await age(item, "a", LEASE_MS - 500);
    expect((await lease(item, "b")).kind).toBe("held");
    await age(item, "a", 500);
    expect((await lease(item, "b")).kind).toBe("granted");
    expect((await lease(item, "c")).kind).toBe("held");
  });

  it("does not wait for a grant from the future, after the clock was set back", async ({
    expect,
  }) => {
    const item = named("clock-set-back");
    await lease(item, "a");
    await age(item, "a", -3_600_000);
    expect((await lease(item, "b")).kind).toBe("granted");
  });

  it("answers with the entry that is there, unless that is to be replaced", async ({ expect }) => {
    const item = named("entry-there");
    await lease(item, "a");
    await fill(item, "a");
    expect(await lease(item, "b")).toEqual({ kind: "entry", entry });
    expect(await lease(item, "b", "refresh")).toEqual({ kind: "granted" });
  });

  it("is given up by its holder, and goes by itself", async ({ expect }) => {
    const item = named("given-up");
    await lease(item, "a");
    const ttlMs = Number(await redis.command(["PTTL", leaseKey(item)]));
    expect(ttlMs).toBeGreaterThan(11_000);
    expect(ttlMs).toBeLessThanOrEqual(12_000);
    await releaseItem(redis, item, "a");
    expect((await lease(item, "b")).kind).toBe("granted");
  });
});

describe("fill", () => {
  it("caches what was loaded under a grant, once, for its time", async ({ expect }) => {
    const item = named("filled");
    await lease(item, "a");
    expect(await fill(item, "a")).toBe(true);
    expect(await get(item)).toEqual(entry);
    expect(await redis.command(["EXISTS", leaseKey(item)])).toBe(0);
    const ttlMs = Number(await redis.command(["PTTL", dataKey(item)]));
    expect(ttlMs).toBeGreaterThan(55_000);
    expect(ttlMs).toBeLessThanOrEqual(60_000);
    expect(await fill(item, "a", { ...entry, version: "2" })).toBe(false);
    expect(await get(item)).toEqual(entry);
  });

  it("is refused without a grant, and after an invalidation even though nothing is cached", async ({
    expect,
  }) => {
    const item = named("refused");
    expect(await fill(item, "a")).toBe(false);
    await lease(item, "a");
    await invalidate(redis, [item]);
    expect(await fill(item, "a")).toBe(false);
    await lease(item, "b");
    expect(await fill(item, "a")).toBe(false);
    expect(await get(item)).toBe("none");
  });

  it("is allowed to a slow loader after another one was granted the load too", async ({
    expect,
  }) => {
    const item = named("slow-loader");
    await lease(item, "a");
    await age(item, "a", LEASE_MS);
    await lease(item, "b");
    expect(await fill(item, "a")).toBe(true);
    expect(await fill(item, "b")).toBe(false);
  });
});

describe("entry in the cache", () => {
  it("is unusable when it is not of this format, and can be dropped without ending a grant", async ({
    expect,
  }) => {
    const item = named("foreign");
    await redis.command(["SET", dataKey(item), "something else", "PX", 60_000]);
    expect(await get(item)).toBe("unusable");
    expect(await lease(item, "a")).toEqual({ kind: "entry", entry: null });
    expect((await lease(item, "a", "refresh")).kind).toBe("granted");
    await dropEntry(redis, item, timeoutMs);
    expect(await get(item)).toBe("none");
    expect(await fill(item, "a")).toBe(true);
  });

  it("is forgotten together with the grants, and the items that had either are counted", async ({
    expect,
  }) => {
    const [cached, loading, neither] = [named("cached"), named("loading"), named("neither")];
    await lease(cached, "a");
    await fill(cached, "a");
    await lease(loading, "a");
    expect(await forgetItems(redis, [cached, loading, neither], timeoutMs)).toBe(2);
    expect(await get(cached)).toBe("none");
    expect(await fill(loading, "a")).toBe(false);
    expect(await forgetItems(redis, [cached, loading, neither], timeoutMs)).toBe(0);
  });
});
