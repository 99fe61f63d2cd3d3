import { hash32 } from "../protocol/random.ts";
import { TIERS, type TierId } from "../protocol/tiers.ts";
import type { MeasuredPattern, Measurement, Run } from "../run-file/schema.ts";
import { type Summary, summarize } from "./summary.ts";

export interface TierSummary {
  readonly tier: TierId;
  /** Requests of the tier. */
  readonly requests: number;
  readonly measurement: Measurement;
  readonly summary: Summary;
}

export interface PatternSummary {
  readonly pattern: MeasuredPattern;
  /** Lightest first; never empty. */
  readonly tiers: readonly TierSummary[];
}

/** All measurements of a run in numbers, patterns in the run's order. */
export function summarizeRun(run: Run): PatternSummary[] {
  return run.patterns
    .map((pattern) => ({
      pattern,
      tiers: TIERS.flatMap((tier, place) => {
        const measurement = run.measurements.find(
          (one) => one.pattern === pattern.id && one.tier === tier.id,
        );
        if (measurement === undefined) return [];
        const seed = hash32(run.seed, place);
        const summary = summarize(measurement, seed);
        return [{ tier: tier.id, requests: measurement.requestsExpected, measurement, summary }];
      }),
    }))
    .filter(({ tiers }) => tiers.length > 0);
}

export const heaviest = ({ tiers }: PatternSummary): TierSummary => edge(tiers.at(-1));

export const lightest = ({ tiers }: PatternSummary): TierSummary => edge(tiers[0]);

function edge(tier: TierSummary | undefined): TierSummary {
  if (tier === undefined) throw new RangeError("a pattern without a measurement has no tiers");
  return tier;
}
