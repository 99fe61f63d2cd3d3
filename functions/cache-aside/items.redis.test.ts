import { describe, inject, it } from "vitest";
import type { UpstreamError } from "../../shared/kernel/errors.ts";
import {
  type Condition,
  collectTombstones,
  type ItemWritten,
  loadItem,
  OPS_MAX,
  REPEATS_KEPT_MS,
  TOO_MANY_OPS,
  writeItem,
} from "./items.ts";
import type { ItemRef } from "./keys.ts";
import { opOf } from "./op.ts";
import { itemsOf } from "./testing/names.ts";
import { createService } from "./testing/service.ts";

const { postgres } = createService({
  redis: inject("redis"),
  databaseUrl: inject("postgres").databaseUrl,
}).stores(120_000);
const named = itemsOf("items");
const timeoutMs = 10_000;

/** An expiry that a slow machine still meets, and a test can wait for. */
const SHORT_MS = 1_000;

interface Copy {
  readonly value?: string | null;
  /** Null: the Worker's own. */
  readonly key?: string | null;
  /** Copies with one nonce are of one request. */
  readonly nonce?: string;
  readonly condition?: Condition;
  readonly expiresInMs?: number;
}

/** One copy of a write as it arrives; copies with one key are copies of one write. */
function arrive(
  item: ItemRef,
  {
    value = "1",
    key = crypto.randomUUID(),
    nonce = crypto.randomUUID(),
    condition,
    expiresInMs = 5_000,
  }: Copy,
): Promise<ItemWritten> {
  const method = value === null ? "DELETE" : "PUT";
  const op = opOf({ method, idempotencyKey: key ?? undefined, body: value ?? "" }, () => nonce);
  const write = { item, value, op, condition: condition ?? ({ kind: "none" } as const) };
  return writeItem(postgres, write, { timeoutMs, expiresAtMs: Date.now() + expiresInMs });
}

async function written(item: ItemRef, copy: Copy = {}) {
  const reply = await arrive(item, copy);
  if (reply.kind !== "written") throw new Error(reply.kind);
  return reply;
}

const storedValue = async (item: ItemRef) =>
  (await loadItem(postgres, item, timeoutMs))?.value ?? null;

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

/** Makes every op of the item look `ms` older than it is. */
async function setBack(item: ItemRef, ms: number): Promise<void> {
  await postgres.query(
    `UPDATE items SET ops = (
       SELECT jsonb_object_agg(key, jsonb_set(value, '{u}', to_jsonb((value ->> 'u')::bigint - $3)))
       FROM jsonb_each(ops)
     ) WHERE instance = $1 AND id = $2`,
    [item.instance, item.id, ms],
  );
}

/** How many ops the item remembers. */
async function opsOf(item: ItemRef): Promise<number> {
  const [row] = await postgres.query(
    "SELECT (SELECT count(*) FROM jsonb_object_keys(ops)) AS ops FROM items WHERE instance = $1 AND id = $2",
    [item.instance, item.id],
  );
  return Number(row?.["ops"]);
}

/** Waits by the store's own clock until a write that came now with this expiry has expired. */
async function expiryOf(item: ItemRef, expiresInMs: number): Promise<void> {
  await postgres.query("SELECT pg_sleep($1::float8 / 1000), $2::text", [expiresInMs + 50, item.id]);
}

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
