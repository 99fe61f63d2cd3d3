/**
 * @module
 * Items in Postgres, the truth. One statement each; `schema.sql` says what they rest on.
 */
import { UpstreamError } from "../../shared/kernel/errors.ts";
import type { PostgresPort, PostgresRow } from "../../shared/postgres/port.ts";
import type { Precondition } from "../http/precondition.ts";
import type { ItemRef } from "./keys.ts";

export interface ItemWrite {
  readonly item: ItemRef;
  /** JSON text; null deletes. */
  readonly value: string | null;
  readonly op: Op;
  readonly condition: Precondition;
}

/** Identifies a write however often it arrives. */
export interface Op {
  /** 32 hex digits. */
  readonly id: string;
  /** Hash of the body, or empty when the op id is not the caller's. */
  readonly body: string;
  /** Of the request, so that it knows an answer to an earlier one from its own. */
  readonly nonce: string;
}

export type ItemWritten =
  | {
      readonly kind: "written";
      readonly version: string;
      readonly isCreated: boolean;
      /** It is what another request with this op id was told. */
      readonly isReplayed: boolean;
    }
  /** `version` is null when there was nothing to delete. */
  | { readonly kind: "deleted"; readonly version: string | null; readonly isReplayed: boolean }
  /** The condition does not hold; `version` is the item's, null when there is none. */
  | { readonly kind: "refused"; readonly version: string | null; readonly isReplayed: boolean }
  | { readonly kind: "mismatch" }
  | { readonly kind: "expired"; readonly storeNowMs: number };

/** Raised by `items_write_v2` when an item has too many unexpired writes to tell repeats apart. */
export const TOO_MANY_OPS = "KV001";

/** Unexpired writes that one item remembers. */
export const OPS_MAX = 64;

/** How long an item knows a write after its expiry when its op id is the caller's. */
export const REPEATS_KEPT_MS = 60_000;

const WRITE =
  "SELECT kind, at_version, created, replayed, now_ms FROM items_write_v2($1, $2, $3, $4::json, $5, $6, $7, $8, $9, $10)";

/** Safe to send twice: the op id makes the second one answer like the first. */
export async function writeItem(
  postgres: PostgresPort,
  { item, value, op, condition }: ItemWrite,
  { timeoutMs, expiresAtMs }: { readonly timeoutMs: number; readonly expiresAtMs: number },
): Promise<ItemWritten> {
  const rows = await postgres.query(
    WRITE,
    [
      item.instance,
      item.tenant,
      item.id,
      value,
      op.id,
      op.body,
      op.nonce,
      expiresAtMs,
      condition.kind === "none" ? "any" : condition.kind,
      condition.kind === "version" ? condition.version : null,
    ],
    { timeoutMs },
  );
  return decodeWritten(rows[0]);
}

function decodeWritten(row: PostgresRow | undefined): ItemWritten {
  const version = row?.["at_version"] ?? null;
  const isReplayed = row?.["replayed"] === "t";
  switch (row?.["kind"]) {
    case "written":
      if (version === null) break;
      return { kind: "written", version, isCreated: row["created"] === "t", isReplayed };
    case "deleted":
      return { kind: "deleted", version, isReplayed };
    case "refused":
      return { kind: "refused", version, isReplayed };
    case "mismatch":
      return { kind: "mismatch" };
    case "expired":
      return { kind: "expired", storeNowMs: Number(row["now_ms"]) };
  }
  throw new UpstreamError({ dependency: "postgres", fault: "garbage", outcome: "unknown" });
}

export interface StoredItem {
  readonly version: string;
  /** JSON text as it was sent. */
  readonly value: string;
}

const LOAD =
  "SELECT value, version FROM items WHERE instance = $1 AND tenant = $2 AND id = $3 AND deleted_at IS NULL";

/** Null when there is no such item. */
export async function loadItem(
  postgres: PostgresPort,
  { instance, tenant, id }: ItemRef,
  timeoutMs: number,
): Promise<StoredItem | null> {
  const [row] = await postgres.query(LOAD, [instance, tenant, id], { timeoutMs });
  if (row === undefined) return null;
  const { value, version } = row;
  if (typeof value !== "string" || typeof version !== "string") {
    throw new UpstreamError({ dependency: "postgres", fault: "garbage", outcome: "not_applied" });
  }
  return { value, version };
}

/**
 * The longest deadline (10 s), 1 s, and as much as two clocks may differ (4 s): after that no copy of a write
 * that a tombstone knows can be accepted any more; and what it knows for its callers it knows for as long.
 */
const TOMBSTONE_KEPT_MS = 15_000 + REPEATS_KEPT_MS;
export const COLLECT_MAX = 2_000;

const COLLECT = `WITH dead AS (
  SELECT instance, tenant, id FROM items
  WHERE instance = $1 AND deleted_at IS NOT NULL
    AND updated_at < clock_timestamp() - $2 * interval '1 millisecond'
  ORDER BY updated_at LIMIT $3 FOR UPDATE SKIP LOCKED
), collected AS (
  DELETE FROM items i USING dead d
  WHERE i.instance = d.instance AND i.tenant = d.tenant AND i.id = d.id
  RETURNING i.id
)
SELECT count(*) AS collected FROM collected`;

/** Removes the oldest tombstones that are past their time. Returns how many; `COLLECT_MAX` means: more. */
export async function collectTombstones(
  postgres: PostgresPort,
  instance: string,
  keptMs: number = TOMBSTONE_KEPT_MS,
): Promise<number> {
  const [row] = await postgres.query(COLLECT, [instance, keptMs, COLLECT_MAX]);
  return Number(row?.["collected"]);
}
