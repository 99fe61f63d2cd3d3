/**
 * @module
 * Invalidations that Redis has not confirmed yet.
 *
 * Every write leaves a row in the statement that applies it, so an invalidation survives the Worker that owes
 * it. Invariants:
 *
 * 1. A row is removed only after a DEL that began after its write was confirmed by Redis.
 * 2. A row stands for the newest write of its item; removing it for an older version does nothing.
 */
import { attemptRead } from "../../shared/kernel/attempts.ts";
import type { PostgresPort, PostgresRow } from "../../shared/postgres/port.ts";
import type { Stores } from "../deps.ts";
import { invalidateItems } from "./cache.ts";
import type { ItemRef } from "./keys.ts";

/** A younger row is probably about to be confirmed by the request that wrote it. */
const SETTLING_MS = 1_000;

/** Rows that a write takes care of besides its own. */
const OPPORTUNISTIC_ROWS = 20;

const DRAIN_ROWS = 200;
const DRAIN_ROUNDS_MAX = 250;

/** With less time left no further round begins. */
const DRAIN_ROUND_MS = 2_000;

/** A backlog beyond this is reported as this. */
const PENDING_COUNTED_MAX = 100_000;

/** A write of an item that may still be cached in an older version. */
export interface Pending {
  readonly item: ItemRef;
  readonly version: string;
}

type OutboxStores = Pick<Stores, "redis" | "postgres" | "attempts">;

const PEEK = `SELECT tenant, id, version FROM items_outbox
WHERE instance = $1 AND queued_at <= clock_timestamp() - $2 * interval '1 millisecond'
ORDER BY queued_at LIMIT $3`;

/**
 * Invalidates what has been pending for longer than `settlingMs`, until none is left or its time is up. Returns
 * how many items it settled.
 */
export async function drainOutbox(
  stores: OutboxStores,
  instance: string,
  { settlingMs }: { readonly settlingMs: number } = { settlingMs: SETTLING_MS },
): Promise<number> {
  let settled = 0;
  for (let round = 0; round < DRAIN_ROUNDS_MAX; round += 1) {
    if (stores.attempts.deadline.remainingMs() < DRAIN_ROUND_MS) break;
    const rows = await stores.postgres.query(PEEK, [instance, settlingMs, DRAIN_ROWS]);
    await settle(stores, pendingOf(instance, rows));
    settled += rows.length;
    if (rows.length < DRAIN_ROWS) break;
  }
  return settled;
}

const CONFIRM = `WITH confirmed AS (
  DELETE FROM items_outbox WHERE instance = $1 AND tenant = $4 AND id = $5 AND version <= $6
)
SELECT tenant, id, version FROM items_outbox
WHERE instance = $1 AND queued_at <= clock_timestamp() - $2 * interval '1 millisecond'
  AND (tenant, id) <> ($4, $5)
ORDER BY queued_at LIMIT $3`;

/** Takes a write whose invalidation Redis has confirmed out of the outbox, and settles some of the others. */
export async function confirm(
  stores: OutboxStores,
  { item: { instance, tenant, id }, version }: Pending,
): Promise<void> {
  const parameters = [instance, SETTLING_MS, OPPORTUNISTIC_ROWS, tenant, id, version];
  const others = await stores.postgres.query(CONFIRM, parameters);
  await settle(stores, pendingOf(instance, others));
}

const SETTLE = `WITH settled AS (
  SELECT o.instance, o.tenant, o.id
  FROM unnest($2::text[], $3::text[], $4::bigint[]) AS done (tenant, id, version)
  JOIN items_outbox o ON o.instance = $1 AND o.tenant = done.tenant AND o.id = done.id
  WHERE o.version <= done.version
  FOR UPDATE OF o SKIP LOCKED
)
DELETE FROM items_outbox o USING settled s
WHERE o.instance = s.instance AND o.tenant = s.tenant AND o.id = s.id`;

/** Skips a row that a write holds: it is newer by then, and stays. */
async function settle(stores: OutboxStores, pending: readonly Pending[]): Promise<void> {
  const [first] = pending;
  if (first === undefined) return;
  const items = pending.map(({ item }) => item);
  await attemptRead(stores.attempts, (timeoutMs) =>
    invalidateItems(stores.redis, items, timeoutMs),
  );
  await stores.postgres.query(SETTLE, [
    first.item.instance,
    items.map(({ tenant }) => tenant),
    items.map(({ id }) => id),
    pending.map(({ version }) => version),
  ]);
}

const COUNT = `SELECT count(*) AS pending FROM (
  SELECT 1 FROM items_outbox WHERE instance = $1 LIMIT $2
) counted`;

/** Items whose invalidation is pending, at most `PENDING_COUNTED_MAX`. */
export async function countPending(postgres: PostgresPort, instance: string): Promise<number> {
  const [row] = await postgres.query(COUNT, [instance, PENDING_COUNTED_MAX]);
  return Number(row?.["pending"]);
}

function pendingOf(instance: string, rows: readonly PostgresRow[]): Pending[] {
  return rows.flatMap(({ tenant, id, version }) =>
    tenant && id && version ? [{ item: { instance, tenant, id }, version }] : [],
  );
}
