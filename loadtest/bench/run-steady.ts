import { randomBytes } from "node:crypto";
import { k6 } from "../k6.ts";
import { TIERS, VUS_DEFAULT } from "../protocol/tiers.ts";
import type { Measurement } from "../run-file/schema.ts";
import type { DiscoveredJourney } from "../runner/discover.ts";
import { measure } from "../runner/measure.ts";
import { progressLine } from "../runner/progress.ts";
import type { Target } from "../runner/target.ts";
import { GROWTH_MAX_MIB, judgeSteadiness, PACE_MIN, type SteadyRun, steadiness } from "./steady.ts";

export interface SteadyOptions {
  readonly target: Target;
  readonly journeys: readonly DiscoveredJourney[];
  /** Judged runs, after one that is not. */
  readonly runs: number;
  readonly say: (line: string) => void;
  readonly signal: AbortSignal;
}

/** Returns whether every pattern kept its pace and its size in valid runs. */
export async function runSteady(options: SteadyOptions): Promise<boolean> {
  const { path } = await k6(options.say, options.signal);
  let isKept = true;
  for (const journey of options.journeys) {
    isKept = (await steadyPattern(journey, path, options)) && isKept;
  }
  return isKept;
}

async function steadyPattern(
  journey: DiscoveredJourney,
  k6Path: string,
  { target, runs, say, signal }: SteadyOptions,
): Promise<boolean> {
  const { pattern } = journey.meta;
  const results: SteadyRun[] = [];
  let isValid = true;
  for (let run = 0; run <= runs; run += 1) {
    const label = run === 0 ? `${pattern} warm-up` : `${pattern} run ${run} of ${runs}`;
    const measurement = await heavyLoad(label, journey, { k6Path, target, signal });
    if (run === 0) continue;
    const steady = steadiness(measurement);
    results.push(steady);
    isValid = isValid && measurement.verdict.valid;
    say(`  ${label}: ${text(steady)}${measurement.verdict.valid ? "" : "  INVALID"}`);
    for (const reason of measurement.verdict.reasons) say(`    ${reason}`);
  }
  const verdict = judgeSteadiness(results);
  const { pace, growthMib, growthWorstMib, isPaceKept, isSizeKept } = verdict;
  say(
    `${pattern}: pace ${pace.toFixed(3)} (median; at least ${PACE_MIN}) ${isPaceKept ? "kept" : "LOST"}; worker grew ${growthMib.toFixed(1)} MiB (median; worst ${growthWorstMib.toFixed(1)}; at most ${GROWTH_MAX_MIB}) ${isSizeKept ? "kept" : "LOST"}`,
  );
  return isValid && isPaceKept && isSizeKept;
}

const text = ({ pace, growthMib }: SteadyRun): string =>
  `last 10,000 at ${pace.toFixed(3)} of the second 10,000, worker ${growthMib >= 0 ? "+" : ""}${growthMib.toFixed(1)} MiB`;

async function heavyLoad(
  label: string,
  journey: DiscoveredJourney,
  { k6Path, target, signal }: { k6Path: string; target: Target; signal: AbortSignal },
): Promise<Measurement> {
  const progress = progressLine(label);
  const [, , heavy] = TIERS;
  const load = {
    k6Path,
    target,
    journeyPath: journey.path,
    loadId: `steady-${randomBytes(4).toString("hex")}`,
    requests: heavy.requests,
    vus: VUS_DEFAULT,
    seed: 1,
  };
  try {
    const { measurement } = await measure({
      journey,
      tier: heavy.id,
      load,
      warmupRequests: heavy.requests,
      onProgress: progress.update,
      signal,
    });
    return measurement;
  } finally {
    progress.end();
  }
}
