/**
 * @module
 * The five questions of the source article, each as one number that a run measures. Nothing here knows a
 * pattern by name: what is recommended follows from the numbers.
 */
import { CONSISTENCY_LEVELS } from "../protocol/journey-meta.ts";
import { hash32, randomStream } from "../protocol/random.ts";
import { bootstrapRatio, throughput } from "../statistics/blocks.ts";
import type { Estimate } from "../statistics/interval.ts";
import { heaviest, lightest, type PatternSummary } from "../statistics/run-summary.ts";
import type { Better } from "./ranking.ts";

export interface UseCase {
  readonly id: string;
  readonly title: string;
  /** What the number is, for the table's head. */
  readonly measure: string;
  readonly unit: "req/s" | "ms" | "%";
  readonly better: Better;
  /** Who may be recommended at all; default everyone. */
  eligible?(patterns: readonly PatternSummary[]): readonly PatternSummary[];
  /** `null`: this run cannot say (too few requests, or a tier that was not measured). */
  estimate(pattern: PatternSummary): Estimate | null;
}

export const USE_CASES: readonly UseCase[] = [
  {
    id: "consistency",
    title: "Consistency first",
    measure: "mean response time among those with the strongest verified promise",
    unit: "ms",
    better: "lower",
    eligible: strongest,
    estimate: (pattern) => heaviest(pattern).summary.meanMs,
  },
  {
    id: "throughput",
    title: "Throughput",
    measure: "requests a second at the heaviest load",
    unit: "req/s",
    better: "higher",
    estimate: (pattern) => heaviest(pattern).summary.throughput,
  },
  {
    id: "latency",
    title: "Latency",
    measure: "mean response time at the heaviest load",
    unit: "ms",
    better: "lower",
    estimate: (pattern) => heaviest(pattern).summary.meanMs,
  },
  {
    id: "volume",
    title: "Large volume",
    measure: "throughput kept from the lightest to the heaviest load",
    unit: "%",
    better: "higher",
    estimate: throughputKept,
  },
  {
    id: "real-time",
    title: "Real time",
    measure: "P99 response time at the heaviest load",
    unit: "ms",
    better: "lower",
    estimate: (pattern) => heaviest(pattern).summary.p99Ms,
  },
];

/** The patterns whose verified promise is the strongest of those measured. */
function strongest(patterns: readonly PatternSummary[]): PatternSummary[] {
  const level = (one: PatternSummary) => CONSISTENCY_LEVELS.indexOf(one.pattern.consistency);
  const best = Math.min(...patterns.map(level));
  return patterns.filter((one) => level(one) === best);
}

/** In percent; above 100 means faster under the heavier load. */
function throughputKept(pattern: PatternSummary): Estimate | null {
  const heavy = heaviest(pattern);
  const light = lightest(pattern);
  if (heavy.tier === light.tier) return null;
  const random = randomStream(hash32(heavy.summary.count, light.summary.count));
  const { value, low, high } = bootstrapRatio(
    { numerator: heavy.summary.blocks, denominator: light.summary.blocks },
    throughput,
    random,
  );
  return { value: value * 100, low: low * 100, high: high * 100 };
}
