/**
 * @module
 * How long may a cached entry be served, and who should renew it?
 *
 * Invalidation keeps the cache right about writes made through this service; time protects against changes
 * made behind its back. An entry passes through four ages:
 *
 *     loaded ── fresh ── [early] ──│── revalidate ──│── last resort ──│ gone
 *                            fresh until        + 30 s            + 5 min
 *
 * - early: the first readers near the end renew it after their reply, with a probability that rises with the
 *   cost of the load (XFetch: Vattani, Chierichetti, Lowenstein, VLDB 2015), so that it rarely runs out;
 * - revalidate: served stale, and renewed after the reply (RFC 5861 section 3);
 * - last resort: loaded anew, and served only when that fails or somebody else is at it (section 4).
 *
 * The absence of an item is cached shortly and never served stale.
 */
import type { Random } from "../../shared/kernel/time.ts";
import type { Entry } from "./entry.ts";

export const FRESH_MS = 60_000;
export const ABSENT_FRESH_MS = 5_000;
export const REVALIDATE_MS = 30_000;
export const STALE_IF_ERROR_MS = 300_000;

/** Entries that were loaded together run out spread over so much of their time, both ways. */
export const JITTER = 0.1;

/** Above 1 entries are renewed earlier, below 1 later (XFetch's beta). */
const EARLY_BETA = 1;

export type Freshness = "fresh" | "early" | "revalidate" | "last_resort" | "gone";

export function freshnessOf(entry: Entry, nowMs: number, random: Random): Freshness {
  const leftMs = entry.freshUntilMs - nowMs;
  if (entry.version === null) return leftMs > 0 ? "fresh" : "gone";
  if (leftMs > 0) {
    // 1 - random() is in (0, 1], so the logarithm is finite.
    const headStartMs = entry.loadMs * EARLY_BETA * -Math.log(1 - random());
    return headStartMs >= leftMs ? "early" : "fresh";
  }
  if (-leftMs < REVALIDATE_MS) return "revalidate";
  return -leftMs < STALE_IF_ERROR_MS ? "last_resort" : "gone";
}

export interface Lifetime {
  /** From the load on. */
  readonly freshMs: number;
  /** How long Redis keeps it: as long as it may be served at all. */
  readonly keptMs: number;
}

export function lifetimeOf(isAbsent: boolean, random: Random): Lifetime {
  const meanMs = isAbsent ? ABSENT_FRESH_MS : FRESH_MS;
  const freshMs = Math.round(meanMs * (1 - JITTER + 2 * JITTER * random()));
  return { freshMs, keptMs: freshMs + (isAbsent ? 0 : STALE_IF_ERROR_MS) };
}
