import type { Precondition } from "../../http/precondition.ts";
import { type ItemWritten, loadItem, writeItem } from "../items.ts";
import type { ItemRef } from "../keys.ts";
import { opOf } from "../op.ts";
import { type Addresses, createService } from "./service.ts";

const TIMEOUT_MS = 10_000;

interface Copy {
  readonly value?: string | null;
  /** Null: the Worker's own. */
  readonly key?: string | null;
  /** Copies with one nonce are of one request. */
  readonly nonce?: string;
  readonly condition?: Precondition;
  readonly expiresInMs?: number;
}

/** Writes as they arrive at Postgres, without a Worker that sends them, and what Postgres makes of them. */
export function createArrivals(addresses: Addresses) {
  const { postgres } = createService(addresses).stores(120_000);

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
    return writeItem(postgres, write, {
      timeoutMs: TIMEOUT_MS,
      expiresAtMs: Date.now() + expiresInMs,
    });
  }

  async function written(item: ItemRef, copy: Copy = {}) {
    const reply = await arrive(item, copy);
    if (reply.kind !== "written") throw new Error(reply.kind);
    return reply;
  }

  const storedValue = async (item: ItemRef) =>
    (await loadItem(postgres, item, TIMEOUT_MS))?.value ?? null;

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
    await postgres.query("SELECT pg_sleep($1::float8 / 1000), $2::text", [
      expiresInMs + 50,
      item.id,
    ]);
  }

  return { postgres, arrive, written, storedValue, setBack, opsOf, expiryOf };
}
