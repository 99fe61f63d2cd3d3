/**
 * @module
 * One run against another, measurement by measurement.
 *
 * A difference is named only if it passes two gates: chance gives such a ratio in less than one of a
 * thousand comparisons (a report makes up to ninety), and the ratio is further from 1 than two runs of the
 * same code are from each other on an ordinary machine.
 * Runs follow each other, they are not interleaved; for a difference of a few percent use the bench.
 */
import { hash32, randomStream } from "../protocol/random.ts";
import type { TierId } from "../protocol/tiers.ts";
import type { Role, Run } from "../run-file/schema.ts";
import { bootstrapRatio, meanMs, type Ratio, throughput } from "./blocks.ts";
import { percentileRatio } from "./percentiles.ts";
import { summarizeRun, type TierSummary } from "./run-summary.ts";

/**
 * How far the same code came out from itself in repeated runs on two shared cores; a smaller difference
 * between two runs says nothing.
 */
export const NOISE_FLOOR = 0.15;
/** Standard deviations that chance exceeds in less than one of a thousand comparisons. */
const DEVIATIONS_MIN = 3.3;
/** Machines whose calibration differs by more are not compared. */
const CALIBRATION_MAX = 0.2;

export type Difference = "better" | "worse" | "none";

export interface Compared {
  readonly pattern: string;
  readonly tier: TierId;
  readonly metric: "throughput" | "mean" | "p95";
  /** This run divided by the baseline. */
  readonly ratio: Ratio;
  readonly difference: Difference;
}

export interface Comparison {
  readonly baselineId: string;
  readonly rows: readonly Compared[];
  /** Why the numbers should not be compared, if so. */
  readonly caveats: readonly string[];
}

export function compareRuns(run: Run, baseline: Run): Comparison {
  const before = summarizeRun(baseline);
  const rows = summarizeRun(run).flatMap(({ pattern, tiers }) => {
    const earlier = before.find((one) => one.pattern.id === pattern.id)?.tiers ?? [];
    return tiers.flatMap((tier) => {
      const same = earlier.find((one) => one.tier === tier.tier);
      return same === undefined ? [] : compareTier(pattern.id, tier, same);
    });
  });
  return { baselineId: baseline.id, rows, caveats: caveats(run, baseline) };
}

function compareTier(pattern: string, tier: TierSummary, baseline: TierSummary): Compared[] {
  const runs = { numerator: tier.summary.blocks, denominator: baseline.summary.blocks };
  const random = randomStream(hash32(tier.summary.count, baseline.summary.count));
  const row = (metric: Compared["metric"], ratio: Ratio, isHigherBetter: boolean): Compared => {
    const difference = differenceOf(ratio, isHigherBetter);
    return { pattern, tier: tier.tier, metric, ratio, difference };
  };
  const p95 = percentileRatio(runs, 0.95, random);
  return [
    row("throughput", bootstrapRatio(runs, throughput, random), true),
    row("mean", bootstrapRatio(runs, meanMs, random), false),
    ...(p95 === null ? [] : [row("p95", p95, false)]),
  ];
}

export function differenceOf(
  { value, logDeviation }: Pick<Ratio, "value" | "logDeviation">,
  isHigherBetter: boolean,
): Difference {
  const distance = Math.abs(Math.log(value));
  if (distance <= Math.log(1 + NOISE_FLOOR)) return "none";
  if (distance <= DEVIATIONS_MIN * logDeviation) return "none";
  return value > 1 === isHigherBetter ? "better" : "worse";
}

function caveats(run: Run, baseline: Run): string[] {
  const reasons: string[] = [];
  const { fingerprint: now } = run;
  const { fingerprint: then } = baseline;
  if (!run.verdict.valid || !baseline.verdict.valid)
    reasons.push("One of the two runs is invalid.");
  if (Math.abs(now.calibrationMs / then.calibrationMs - 1) > CALIBRATION_MAX) {
    reasons.push(
      `The machines differ: the calibration loop took ${now.calibrationMs} ms here and ${then.calibrationMs} ms there.`,
    );
  }
  if (now.cpuModel !== then.cpuModel || now.cpus !== then.cpus) {
    reasons.push("The runs were made on different processors.");
  }
  if (run.seed !== baseline.seed) reasons.push("The runs drew different requests (another seed).");
  if (run.target.name !== baseline.target.name) reasons.push("The runs had different targets.");
  const [onlyHere, onlyThere] = [rolesOf(run), rolesOf(baseline)].map((roles, place, both) =>
    [...roles].filter((role) => !both[1 - place]?.has(role)).join(", "),
  );
  if (onlyHere || onlyThere) {
    reasons.push(
      `Not the same processes were sampled: only here ${onlyHere || "none"}, only there ${onlyThere || "none"}.`,
    );
  }
  return reasons;
}

/** Roles of all processes that were sampled in any of the run's loads. */
const rolesOf = ({ measurements }: Run): ReadonlySet<Role> =>
  new Set(measurements.flatMap((one) => one.resources?.processes.map(({ role }) => role) ?? []));
