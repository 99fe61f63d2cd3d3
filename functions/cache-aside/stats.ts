import { UpstreamError } from "../../shared/kernel/errors.ts";
import type { Deps, Stores } from "../deps.ts";
import { metricsTotals } from "../http/metrics/read.ts";
import { countPending } from "./outbox.ts";

/** What the pattern counts, as events under its name. */
export const COUNTS = ["hits", "misses", "stale", "fills", "coalesced", "databaseQueries"] as const;

export type Count = (typeof COUNTS)[number];

export const SUBJECT = "cache-aside";

export interface Stats extends Readonly<Record<Count, number>> {
  /** Null while Postgres, which holds the outbox, does not answer. */
  readonly outboxPending: number | null;
}

/** What the cache did in this deployment. Redis is not asked: stats are wanted most while it is down. */
export async function readStats(
  { isolate, config }: Pick<Deps, "isolate" | "config">,
  stores: Stores,
): Promise<Stats> {
  const [totals, outboxPending] = await Promise.all([
    metricsTotals(isolate, stores),
    pendingOrNull(stores, config.instance),
  ]);
  const events = totals[SUBJECT] ?? {};
  const of = (count: Count) => events[`event:${count}`] ?? 0;
  return {
    hits: of("hits"),
    misses: of("misses"),
    stale: of("stale"),
    fills: of("fills"),
    coalesced: of("coalesced"),
    databaseQueries: of("databaseQueries"),
    outboxPending,
  };
}

async function pendingOrNull({ postgres }: Stores, instance: string): Promise<number | null> {
  try {
    return await countPending(postgres, instance);
  } catch (error) {
    if (error instanceof UpstreamError) return null;
    throw error;
  }
}
