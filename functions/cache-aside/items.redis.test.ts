import { describe, inject, it } from "vitest";
import { collectTombstones } from "./items.ts";
import { createArrivals } from "./testing/arrivals.ts";
import { itemsOf } from "./testing/names.ts";

const addresses = { redis: inject("redis"), databaseUrl: inject("postgres").databaseUrl };
const { postgres, arrive, written, storedValue } = createArrivals(addresses);
const named = itemsOf("items");

describe("a write", () => {
  it("creates, replaces and deletes, each with a higher version", async ({ expect }) => {
    const item = named("life");
    expect(await storedValue(item)).toBeNull();
    const first = await written(item, { value: '{"a": 1}' });
    const second = await written(item, { value: "[]" });
    const removed = await arrive(item, { value: null });
    const third = await written(item, { value: "3" });
    expect([first, second, third].map(({ isCreated }) => isCreated)).toEqual([true, false, true]);
    expect(removed).toMatchObject({ kind: "deleted", version: expect.any(String) });
    const versions = [first, second, removed, third].map((r) =>
      Number("version" in r && r.version),
    );
    expect(versions).toEqual([...versions].sort((a, b) => a - b));
    expect(new Set(versions).size).toBe(4);
    expect(await storedValue(item)).toBe("3");
  });

  it("keeps the JSON text as it was sent", async ({ expect }) => {
    const item = named("verbatim");
    const texts = [
      '  { "b" : 1.0, "a" : 1e400 , "a":2 }  ',
      '"\\u0000 \\ud800 \u2028 \u{1f600} \\/"',
      "null",
      "12345678901234567890.10",
      `${"[".repeat(100)}${"]".repeat(100)}`,
      JSON.stringify("x".repeat(256 * 1024 - 2)),
    ];
    for (const text of texts) {
      await written(item, { value: text });
      expect(await storedValue(item)).toBe(text);
    }
  });

  it("keeps items of other tenants and instances apart", async ({ expect }) => {
    const item = named("apart");
    await written(item);
    expect(await storedValue({ ...item, tenant: "other" })).toBeNull();
    expect(await storedValue({ ...item, instance: "other" })).toBeNull();
  });

  it("deletes nothing with 'deleted' and no version", async ({ expect }) => {
    expect(await arrive(named("nothing"), { value: null })).toMatchObject({
      kind: "deleted",
      version: null,
    });
  });
});

describe("a condition", () => {
  it("is judged on the item as it is, and a refusal names its version", async ({ expect }) => {
    const item = named("conditions");
    const absent = { kind: "absent" } as const;
    const exists = { kind: "exists" } as const;
    const refused = { kind: "refused", isReplayed: false };
    expect(await arrive(item, { condition: exists })).toEqual({ ...refused, version: null });
    const { version } = await written(item, { condition: absent });
    expect(await arrive(item, { condition: absent })).toEqual({ ...refused, version });
    const next = await written(item, { condition: { kind: "version", version } });
    const stale = await arrive(item, { value: null, condition: { kind: "version", version } });
    expect(stale).toEqual({ ...refused, version: next.version });
    await arrive(item, { value: null, condition: exists });
    const gone = await arrive(item, { condition: { kind: "version", version: next.version } });
    expect(gone).toEqual({ ...refused, version: null });
    expect(await arrive(item, { condition: { kind: "version", version: "x" } })).toEqual(gone);
  });

  it("lets exactly one of many concurrent creations pass", async ({ expect }) => {
    const item = named("creations");
    const replies = await Promise.all(
      Array.from({ length: 20 }, () => arrive(item, { condition: { kind: "absent" } })),
    );
    expect(replies.filter(({ kind }) => kind === "written")).toHaveLength(1);
    expect(replies.filter(({ kind }) => kind === "refused")).toHaveLength(19);
  });
});

describe("a write that arrives again", () => {
  it("answers as the first time and does not undo a newer one", async ({ expect }) => {
    const item = named("again");
    const first = await written(item, { value: "1", key: "k" });
    await written(item, { value: "2" });
    expect(await arrive(item, { value: "1", key: "k" })).toEqual({ ...first, isReplayed: true });
    expect(await storedValue(item)).toBe("2");
  });

  it("is refused again when it was refused, also where there is no item", async ({ expect }) => {
    const item = named("refused-again");
    const condition = { kind: "exists" } as const;
    const refused = { kind: "refused", version: null };
    const first = await arrive(item, { key: "k", condition });
    expect(first).toEqual({ ...refused, isReplayed: false });
    await written(item);
    const second = await arrive(item, { key: "k", condition });
    expect(second).toEqual({ ...refused, isReplayed: true });
  });

  it("is no replay to the request that was itself answered, with or without a key", async ({
    expect,
  }) => {
    const item = named("own-answer");
    for (const key of ["k", null]) {
      const first = await written(item, { key, nonce: "n" });
      expect(await written(item, { key, nonce: "n" })).toEqual(first);
      expect(first.isReplayed).toBe(false);
    }
  });

  it("deletes nothing when the first copy had nothing to delete", async ({ expect }) => {
    const item = named("delete-again");
    await arrive(item, { value: null, key: "k" });
    await written(item, { value: "2" });
    expect(await arrive(item, { value: null, key: "k" })).toMatchObject({ version: null });
    expect(await storedValue(item)).toBe("2");
  });

  it("is a mismatch with another body, and changes nothing", async ({ expect }) => {
    const item = named("mismatch");
    await written(item, { value: "1", key: "k" });
    expect(await arrive(item, { value: "2", key: "k" })).toEqual({ kind: "mismatch" });
    expect(await storedValue(item)).toBe("1");
  });

  it("is refused past its expiry, with the time of the store", async ({ expect }) => {
    const item = named("late");
    await written(item, { value: "2" });
    const before = Date.now();
    const reply = await arrive(item, { value: "1", expiresInMs: 0 });
    expect(reply).toEqual({ kind: "expired", storeNowMs: expect.any(Number) });
    expect(reply.kind === "expired" && reply.storeNowMs).toBeGreaterThanOrEqual(before);
    expect(await storedValue(item)).toBe("2");
  });

  it("is refused when it comes from a clock too far ahead", async ({ expect }) => {
    const item = named("ahead");
    expect((await arrive(item, { expiresInMs: 14_500 })).kind).toBe("expired");
    expect((await arrive(item, { expiresInMs: 13_500 })).kind).toBe("written");
  });
});

describe("tombstones", () => {
  it("are collected when no copy of a write can arrive any more, and items never", async ({
    expect,
  }) => {
    const item = itemsOf("collect");
    const [dead, alive] = [item("dead"), item("alive")];
    await written(dead);
    await arrive(dead, { value: null });
    await written(alive);
    expect(await collectTombstones(postgres, dead.instance)).toBe(0);
    expect(await collectTombstones(postgres, "another instance", 0)).toBe(0);
    expect(await collectTombstones(postgres, dead.instance, 0)).toBe(1);
    expect(await collectTombstones(postgres, dead.instance, 0)).toBe(0);
    expect(await storedValue(alive)).toBe("1");
    expect(await written(dead)).toMatchObject({ isCreated: true });
  });
});
