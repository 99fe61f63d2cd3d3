import { describe, expect, inject, it } from "vitest";
import {
  dropEntry,
  fillItem,
  type Grant,
  getEntry,
  invalidateAndCount,
  invalidateItems,
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
const get = (item: ItemRef) => getEntry(redis, item, timeoutMs);
const fill = (item: ItemRef, grant: Grant, filled = entry) =>
  fillItem(redis, item, { ...grant, entry: filled, keptMs: 60_000 });

const GRANTED = { kind: "granted", grant: expect.stringMatching(/^\d{16}$/) };

/** Asks for the load, and must get it. */
async function granted(item: ItemRef, token: string, mode?: "refresh"): Promise<Grant> {
  const leased = await lease(item, token, mode);
  if (leased.kind !== "granted") throw new Error(leased.kind);
  return { token, grant: leased.grant };
}

/** Makes the newest grant look `ms` older than it is. */
async function age(item: ItemRef, ms: number): Promise<void> {
  await redis.command(["HINCRBY", leaseKey(item), "newest", -ms * 1_000]);
}

describe("lease", () => {
  it("grants the load to one reader, however often that asks, and holds the others", async ({
    expect,
  }) => {
    const item = named("one-reader");
    const first = await lease(item, "a");
    expect(first).toEqual(GRANTED);
    expect(await lease(item, "b")).toEqual({ kind: "held" });
    expect(await lease(item, "a")).toEqual(first);
  });

  it("grants the load to the next reader once the first has had its time", async ({ expect }) => {
    const item = named("next-reader");
    await granted(item, "a");
    await age(item, LEASE_MS - 500);
    expect((await lease(item, "b")).kind).toBe("held");
    await age(item, 500);
    expect((await lease(item, "b")).kind).toBe("granted");
    expect((await lease(item, "c")).kind).toBe("held");
  });

  it("does not wait for a grant from the future, after the clock was set back", async ({
    expect,
  }) => {
    const item = named("clock-set-back");
    await granted(item, "a");
    await age(item, -3_600_000);
    expect((await lease(item, "b")).kind).toBe("granted");
  });

  it("answers with the entry that is there, unless that is to be replaced", async ({ expect }) => {
    const item = named("entry-there");
    await fill(item, await granted(item, "a"));
    expect(await lease(item, "b")).toEqual({ kind: "entry", entry });
    expect(await lease(item, "b", "refresh")).toEqual(GRANTED);
  });

  it("is given up by its holder, and goes by itself", async ({ expect }) => {
    const item = named("given-up");
    const grant = await granted(item, "a");
    const ttlMs = Number(await redis.command(["PTTL", leaseKey(item)]));
    expect(ttlMs).toBeGreaterThan(11_000);
    expect(ttlMs).toBeLessThanOrEqual(12_000);
    await releaseItem(redis, item, grant);
    expect(await redis.command(["EXISTS", leaseKey(item)])).toBe(0);
    expect(await lease(item, "b")).toEqual(GRANTED);
  });

  it("is given up for its holder only: a newer grant goes on holding the others", async ({
    expect,
  }) => {
    const item = named("given-up-late");
    const slow = await granted(item, "a");
    await age(item, LEASE_MS);
    await granted(item, "b");
    await releaseItem(redis, item, slow);
    expect((await lease(item, "c")).kind).toBe("held");
    expect(await redis.command(["HEXISTS", leaseKey(item), "a"])).toBe(0);
  });

  it("that was made anew is not given up by a late release", async ({ expect }) => {
    const item = named("release-late");
    const first = await granted(item, "a");
    await invalidateItems(redis, [item]);
    const second = await granted(item, "a");
    await releaseItem(redis, item, first);
    expect(await fill(item, second)).toBe(true);
  });
});

describe("fill", () => {
  it("caches what was loaded under a grant, once, for its time", async ({ expect }) => {
    const item = named("filled");
    const grant = await granted(item, "a");
    expect(await fill(item, grant)).toBe(true);
    expect(await get(item)).toEqual(entry);
    expect(await redis.command(["EXISTS", leaseKey(item)])).toBe(0);
    const ttlMs = Number(await redis.command(["PTTL", dataKey(item)]));
    expect(ttlMs).toBeGreaterThan(55_000);
    expect(ttlMs).toBeLessThanOrEqual(60_000);
    expect(await fill(item, grant, { ...entry, version: "2" })).toBe(false);
    expect(await get(item)).toEqual(entry);
  });

  it("is refused without a grant, and after an invalidation even though nothing is cached", async ({
    expect,
  }) => {
    const item = named("refused");
    expect(await fill(item, { token: "a", grant: "1" })).toBe(false);
    const grant = await granted(item, "a");
    await invalidateItems(redis, [item]);
    expect(await fill(item, grant)).toBe(false);
    await granted(item, "b");
    expect(await fill(item, grant)).toBe(false);
    expect(await get(item)).toBe("none");
  });

  it("is refused after an invalidation though a late copy of its lease came after that", async ({
    expect,
  }) => {
    const item = named("late-lease");
    const before = await granted(item, "a");
    await invalidateItems(redis, [item]);
    const after = await granted(item, "a");
    expect(await fill(item, before)).toBe(false);
    expect(await get(item)).toBe("none");
    expect(await fill(item, after)).toBe(true);
  });

  it("is allowed to a slow loader after another one was granted the load too", async ({
    expect,
  }) => {
    const item = named("slow-loader");
    const slow = await granted(item, "a");
    await age(item, LEASE_MS);
    const next = await granted(item, "b");
    expect(await fill(item, slow)).toBe(true);
    expect(await fill(item, next)).toBe(false);
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
    const grant = await granted(item, "a", "refresh");
    await dropEntry(redis, item, timeoutMs);
    expect(await get(item)).toBe("none");
    expect(await fill(item, grant)).toBe(true);
  });

  it("is forgotten together with the grants, and the items that had either are counted", async ({
    expect,
  }) => {
    const [cached, loading, neither] = [named("cached"), named("loading"), named("neither")];
    await fill(cached, await granted(cached, "a"));
    const grant = await granted(loading, "a");
    expect(await invalidateAndCount(redis, [cached, loading, neither], timeoutMs)).toBe(2);
    expect(await get(cached)).toBe("none");
    expect(await fill(loading, grant)).toBe(false);
    expect(await invalidateAndCount(redis, [cached, loading, neither], timeoutMs)).toBe(0);
  });
});
