import { describe, inject, it } from "vitest";
import type { UpstreamError } from "../../shared/kernel/errors.ts";
import { OPS_MAX, REPEATS_KEPT_MS, TOO_MANY_OPS } from "./items.ts";
import { createArrivals } from "./testing/arrivals.ts";
import { itemsOf } from "./testing/names.ts";

const addresses = { redis: inject("redis"), databaseUrl: inject("postgres").databaseUrl };
const { arrive, written, storedValue, setBack, opsOf, expiryOf } = createArrivals(addresses);
const named = itemsOf("ops");

/** An expiry that a slow machine still meets, and a test can wait for. */
const SHORT_MS = 1_000;

describe("the op of a write", () => {
  it("stays known until the last expiry it came with", async ({ expect }) => {
    const item = named("stays-known");
    await written(item, { value: "1", key: "k", expiresInMs: SHORT_MS });
    await arrive(item, { value: "1", key: "k", expiresInMs: 10_000 });
    await arrive(item, { value: "3", key: "l", expiresInMs: SHORT_MS });
    await arrive(item, { value: "4", key: "l", expiresInMs: 10_000 });
    await expiryOf(item, SHORT_MS);
    await written(item, { value: "2" });
    expect(await arrive(item, { value: "1", key: "k" })).toMatchObject({ isReplayed: true });
    expect(await arrive(item, { value: "4", key: "l" })).toEqual({ kind: "mismatch" });
    expect(await storedValue(item)).toBe("2");
  });

  it("is known for a minute after its expiry, so that a repeat is no second write", async ({
    expect,
  }) => {
    const item = named("known-on");
    const condition = { kind: "absent" } as const;
    const first = await written(item, { key: "k", condition });
    await setBack(item, 5_000 + REPEATS_KEPT_MS - 2_000);
    await written(item, { value: "2" });
    const again = await arrive(item, { key: "k", condition });
    expect(again).toEqual({ ...first, isReplayed: true });
    expect(await storedValue(item)).toBe("2");
  });

  it("is forgotten then, so that the key can be used again", async ({ expect }) => {
    const item = named("forgotten");
    await written(item, { value: "1", key: "k" });
    await setBack(item, 5_000 + REPEATS_KEPT_MS);
    expect(await written(item, { value: "2", key: "k" })).toMatchObject({ isReplayed: false });
  });

  it("is forgotten at its expiry when nobody can ask again", async ({ expect }) => {
    const item = named("forgotten-at-once");
    await written(item, { key: null, nonce: "n" });
    await setBack(item, 5_000);
    await written(item, { key: null });
    expect(await opsOf(item)).toBe(1);
  });
});

describe("the ops of an item", () => {
  it(`are at most ${OPS_MAX} unexpired ones; one more is refused and not remembered`, async ({
    expect,
  }) => {
    const item = named("ops");
    for (let n = 0; n < OPS_MAX; n += 1) {
      await written(item, { value: String(n), key: `k${n}`, expiresInMs: 10_000 });
    }
    const tooMany = arrive(item, { value: "64", key: "k64" });
    await expect(tooMany).rejects.toMatchObject({
      name: "UpstreamError",
      storeCode: TOO_MANY_OPS,
      outcome: "not_applied",
    } satisfies Partial<UpstreamError>);
    expect(await arrive(item, { value: "0", key: "k0" })).toMatchObject({ isReplayed: true });
    expect(await storedValue(item)).toBe(String(OPS_MAX - 1));
  });

  it("make room when they expire, and are remembered while there is room", async ({ expect }) => {
    const item = named("ops-expire");
    for (let round = 0; round < 3; round += 1) {
      for (let n = 0; n < OPS_MAX; n += 1)
        await written(item, { value: "1", key: `${round} ${n}` });
      await setBack(item, 6_000);
    }
    await written(item, { value: "2" });
    expect(await opsOf(item)).toBe(2 * OPS_MAX);
    expect(await written(item, { key: "2 0" })).toMatchObject({ isReplayed: true });
    expect(await written(item, { key: "0 63" })).toMatchObject({ isReplayed: false });
  });
});
