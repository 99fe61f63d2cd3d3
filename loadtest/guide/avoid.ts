/**
 * @module
 * Patterns that a run shows to be a bad choice at a load. Each limit is named; each is judged at the near
 * end of the interval, so that noise never condemns.
 */
import type { PatternSummary, TierSummary } from "../statistics/run-summary.ts";

/** Throughput fell below this part of what the next lighter load had. */
const COLLAPSE_BELOW = 0.5;
/** The slowest hundredth waits longer than this. */
const P99_MAX_MS = 1_000;
/** The worker's memory grew by more than this from the lightest load to this one. */
const GROWTH_MAX_MIB = 512;

export interface Avoid {
  readonly pattern: string;
  readonly requests: number;
  readonly reason: string;
}

export function patternsToAvoid(patterns: readonly PatternSummary[]): Avoid[] {
  return patterns.flatMap(({ pattern, tiers }) =>
    tiers.flatMap((tier, place) =>
      reasonsAt(tier, tiers[place - 1] ?? null, tiers[0] ?? tier).map((reason) => ({
        pattern: pattern.id,
        requests: tier.requests,
        reason,
      })),
    ),
  );
}

function reasonsAt(
  tier: TierSummary,
  lighter: TierSummary | null,
  lightest: TierSummary,
): string[] {
  const { throughput, p99Ms, peakMib } = tier.summary;
  const reasons: string[] = [];
  const before = lighter?.summary.throughput;
  if (before && throughput.high < COLLAPSE_BELOW * before.low) {
    reasons.push(
      `throughput falls from ${whole(before.value)} to ${whole(throughput.value)} req/s`,
    );
  }
  if (p99Ms !== null && p99Ms.low > P99_MAX_MS) {
    reasons.push(`one request in a hundred takes longer than ${whole(p99Ms.low)} ms`);
  }
  const atFirstMib = lightest.summary.peakMib.get("worker");
  // Not sampled in one of the two: no growth can be told.
  const grownMib = atFirstMib === undefined ? 0 : (peakMib.get("worker") ?? 0) - atFirstMib;
  if (grownMib > GROWTH_MAX_MIB) reasons.push(`the worker grows by ${whole(grownMib)} MiB`);
  return reasons;
}

const whole = (value: number): string => Math.round(value).toLocaleString("en-US");
