/**
 * @module
 * How often what happened, per tenant, summed over all isolates without a store call of its own in a request:
 * an isolate counts in memory and adds what it has to Redis about once a second, after a reply.
 *
 * Invariants:
 *
 * 1. A count is added at most once. A flush whose answer is lost may lose what it carried, never double it.
 * 2. At most one flush is due at a time; one that its request took along when it was cancelled is given up
 *    after `FLUSH_LOST_MS`.
 */
import { UpstreamError } from "../../shared/kernel/errors.ts";
import type { RedisPort, RedisReply } from "../../shared/redis/port.ts";
import { integer, list, text } from "../../shared/redis/reply.ts";
import { defineScript } from "../../shared/redis/script.ts";
import type { Stores } from "../deps.ts";
import { tallyKey } from "./keys.ts";
import tallySource from "./tally.lua";

export const COUNTS = ["hits", "misses", "stale", "fills", "coalesced", "databaseQueries"] as const;

export type Count = (typeof COUNTS)[number];

export type Counts = Readonly<Record<Count, number>>;

const FLUSH_EVERY_MS = 1_000;
const FLUSH_LOST_MS = 10_000;

/** Without traffic for so long, a tenant's sums are forgotten. */
const TALLY_KEPT_MS = 30 * 24 * 3_600_000;

export interface Tally {
  add(tenant: string, count: Count): void;
  /** All that this isolate has counted for a tenant. */
  total(tenant: string): Counts;
  /** What no flush has taken yet; from now on one has. */
  take(): ReadonlyMap<string, Counts>;
  putBack(tenant: string, counts: Counts): void;
  /** True when a flush should be scheduled; it then counts as scheduled. */
  claimFlush(nowMs: number): boolean;
}

type Sums = Record<Count, number>;

export function createTally(): Tally {
  const totals = new Map<string, Sums>();
  let pending = new Map<string, Sums>();
  let nextClaimMs = 0;

  return {
    add(tenant, count) {
      sumsOf(totals, tenant)[count] += 1;
      sumsOf(pending, tenant)[count] += 1;
    },
    total: (tenant) => totals.get(tenant) ?? noSums(),
    take() {
      const taken = pending;
      pending = new Map();
      nextClaimMs = 0;
      return taken;
    },
    putBack(tenant, counts) {
      const sums = sumsOf(pending, tenant);
      for (const count of COUNTS) sums[count] += counts[count];
    },
    claimFlush(nowMs) {
      if (pending.size === 0 || nowMs < nextClaimMs) return false;
      nextClaimMs = nowMs + FLUSH_EVERY_MS + FLUSH_LOST_MS;
      return true;
    },
  };
}

/** One entry a tenant, and tenants come from the configuration: that is the bound. */
function sumsOf(byTenant: Map<string, Sums>, tenant: string): Sums {
  const known = byTenant.get(tenant);
  if (known !== undefined) return known;
  const sums = noSums();
  byTenant.set(tenant, sums);
  return sums;
}

function noSums(): Sums {
  return { hits: 0, misses: 0, stale: 0, fills: 0, coalesced: 0, databaseQueries: 0 };
}

/** Waits for `FLUSH_EVERY_MS`, then flushes. To be run after a reply, once `claimFlush` said so. */
export async function flushLater(tally: Tally, stores: Stores, instance: string): Promise<void> {
  await stores.attempts.sleep(FLUSH_EVERY_MS);
  await flush(tally, stores.redis, instance);
}

/** Adds what this isolate has counted to the sums. Counts that surely did not arrive are kept. */
export async function flush(tally: Tally, redis: RedisPort, instance: string): Promise<void> {
  for (const [tenant, counts] of tally.take()) {
    const pairs = COUNTS.filter((count) => counts[count] > 0).flatMap((c) => [c, counts[c]]);
    try {
      await runTally(redis, [tallyKey({ instance, tenant })], [TALLY_KEPT_MS, ...pairs]);
    } catch (error) {
      if (!(error instanceof UpstreamError)) throw error;
      if (error.outcome === "not_applied") tally.putBack(tenant, counts);
    }
  }
}

const runTally = defineScript<
  [tally: string],
  [ttlMs: number, ...pairs: (string | number)[]],
  number
>(tallySource, integer);

/** The sums over all isolates, as far as they have flushed. */
export async function readTally(
  redis: RedisPort,
  tenant: { readonly instance: string; readonly tenant: string },
): Promise<Counts> {
  const fields = list(await redis.command(["HGETALL", tallyKey(tenant)]));
  const sums: Record<string, number> = noSums();
  for (let at = 0; at < fields.length; at += 2) {
    const [name, sum]: (RedisReply | undefined)[] = [fields[at], fields[at + 1]];
    sums[text(name)] = integer(sum);
  }
  const { hits = 0, misses = 0, stale = 0, fills = 0, coalesced = 0, databaseQueries = 0 } = sums;
  return { hits, misses, stale, fills, coalesced, databaseQueries };
}
