/**
 * @module
 * Items in Redis, the copy. One call each, one request each.
 *
 * Invariants that the scripts keep:
 *
 * 1. What is cached was loaded under a grant that stood when it was filled, and every invalidation ends all
 *    grants: so nothing loaded before an invalidation is cached after it. The store makes each grant, so that
 *    a copy of a request that arrives after the invalidation cannot bring the old one back.
 * 2. For `LEASE_MS` after a grant nobody else is granted the load, so a herd makes one query.
 */

import type { RedisPort } from "../../shared/redis/port.ts";
import { integer, list, MalformedReply, text } from "../../shared/redis/reply.ts";
import { defineScript } from "../../shared/redis/script.ts";
import { decodeEntry, type Entry, encodeEntry } from "./entry.ts";
import fillSource from "./fill.lua";
import invalidateSource from "./invalidate.lua";
import { dataKey, type ItemRef, leaseKey } from "./keys.ts";
import leaseSource from "./lease.lua";
import releaseSource from "./release.lua";

/** How long a grant keeps others from loading: longer than a load takes, shorter than a caller waits. */
export const LEASE_MS = 1_500;

/** How long a grant is good for filling: the longest deadline and the fill after it. */
const LEASE_KEPT_MS = 12_000;

/** `unusable`: something is there that is not an entry of this version. */
export type Cached = Entry | "none" | "unusable";

export async function getEntry(
  redis: RedisPort,
  item: ItemRef,
  timeoutMs: number,
): Promise<Cached> {
  const reply = await redis.command(["GET", dataKey(item)], { timeoutMs });
  if (reply === null) return "none";
  return (typeof reply === "string" ? decodeEntry(reply) : null) ?? "unusable";
}

/** Removes an unusable entry, so that a grant replaces it. Grants stay. */
export async function dropEntry(redis: RedisPort, item: ItemRef, timeoutMs: number): Promise<void> {
  await redis.command(["DEL", dataKey(item)], { timeoutMs });
}

export type Leased =
  | { readonly kind: "entry"; readonly entry: Entry | null }
  | { readonly kind: "granted"; readonly grant: string }
  | { readonly kind: "held" };

export interface LeaseRequest {
  /** Of one reader, who may send it several times. */
  readonly token: string;
  /** `absent` is answered with an entry that is there; `refresh` replaces it. */
  readonly mode: "absent" | "refresh";
  readonly timeoutMs: number;
}

/** Asks for the right to load and fill. Safe to send twice. */
export function leaseItem(redis: RedisPort, item: ItemRef, request: LeaseRequest): Promise<Leased> {
  const { token, mode, timeoutMs } = request;
  return runLease(redis, [dataKey(item), leaseKey(item)], [token, LEASE_MS, LEASE_KEPT_MS, mode], {
    timeoutMs,
  });
}

const runLease = defineScript<
  [data: string, lease: string],
  [token: string, waitMs: number, keptMs: number, mode: string],
  Leased
>(leaseSource, (reply) => {
  const [kind, detail] = list(reply);
  switch (text(kind)) {
    case "entry":
      return { kind: "entry", entry: decodeEntry(text(detail)) };
    case "granted":
      return { kind: "granted", grant: text(detail) };
    case "held":
      return { kind: "held" };
    default:
      throw new MalformedReply();
  }
});

/** The right to load and fill that a reader was granted. */
export interface Grant {
  readonly token: string;
  readonly grant: string;
}

/** Gives up a grant, so that the next reader need not wait for it. Safe to send twice. */
export async function releaseItem(
  redis: RedisPort,
  item: ItemRef,
  { token, grant }: Grant,
): Promise<void> {
  await runRelease(redis, [leaseKey(item)], [token, grant]);
}

const runRelease = defineScript<[lease: string], [token: string, grant: string], number>(
  releaseSource,
  integer,
);

export interface Filling extends Grant {
  readonly entry: Entry;
  readonly keptMs: number;
}

/** True when it is cached now; false when the grant is gone. Safe to send twice. */
export async function fillItem(
  redis: RedisPort,
  item: ItemRef,
  { token, grant, entry, keptMs }: Filling,
): Promise<boolean> {
  const keys = [dataKey(item), leaseKey(item)] as const;
  return (await runFill(redis, [...keys], [token, grant, encodeEntry(entry), keptMs])) === 1;
}

const runFill = defineScript<
  [data: string, lease: string],
  [token: string, grant: string, entry: string, ttlMs: number],
  number
>(fillSource, integer);

/** Drops what is cached of the items and ends every fill under way. Safe to send twice. */
export async function invalidateItems(
  redis: RedisPort,
  items: readonly ItemRef[],
  timeoutMs?: number,
): Promise<void> {
  const keys = items.flatMap((item) => [dataKey(item), leaseKey(item)]);
  await redis.command(["DEL", ...keys], timeoutMs === undefined ? {} : { timeoutMs });
}

/** The same, and returns how many of the items were cached or being loaded. */
export function invalidateAndCount(
  redis: RedisPort,
  items: readonly ItemRef[],
  timeoutMs: number,
): Promise<number> {
  const keys = items.flatMap((item) => [dataKey(item), leaseKey(item)]);
  return runInvalidate(redis, keys, [], { timeoutMs });
}

const runInvalidate = defineScript<string[], [], number>(invalidateSource, integer);
