/**
 * @module
 * Does the Worker keep its pace and its size over 50,000 requests? The heavy tier of each journey, several
 * times in a row on one Worker; the first is the warm-up and is not judged.
 *
 * - Pace: throughput of the last 10,000 requests against the second 10,000 of the same run; the median of
 *   the runs is judged.
 * - Size: resident memory of the worker at the end of a run less that at its start, each the mean of two
 *   seconds; the median of the runs is judged, and the largest is shown.
 */

import { fromColumns } from "../run-file/requests.ts";
import type { Measurement } from "../run-file/schema.ts";
import { median } from "../statistics/quantile.ts";
import { rssSeries } from "../statistics/resources.ts";

export const STEADY_RUNS = 5;
export const PACE_MIN = 0.9;
export const GROWTH_MAX_MIB = 48;
const PART = 10_000;
const EDGE_MS = 2_000;

export interface SteadyRun {
  readonly pace: number;
  readonly growthMib: number;
}

/** Requires a measurement of the heavy tier. Growth is `NaN`, which meets no bound, where no worker was sampled. */
export function steadiness(measurement: Measurement): SteadyRun {
  const ends = fromColumns(measurement.requests).map((request) => request.endMs);
  const second = perSecond(ends, PART, 2 * PART);
  const last = perSecond(ends, ends.length - PART, ends.length);
  return { pace: last / second, growthMib: growthMib(measurement, ends.at(-1) ?? 0) };
}

/** Requests a second of those from place `from` to place `to` in order of their end. */
function perSecond(ends: readonly number[], from: number, to: number): number {
  const spanMs = (ends[to - 1] ?? 0) - (ends[from - 1] ?? 0);
  return ((to - from) / spanMs) * 1_000;
}

function growthMib({ resources }: Measurement, durationMs: number): number {
  if (!resources?.processes.some((series) => series.role === "worker")) return Number.NaN;
  const rssKib = rssSeries(resources, "worker");
  const meanOf = (fromMs: number, toMs: number) => {
    const inside = rssKib.filter((_, place) => {
      const atMs = resources.timesMs[place] ?? -1;
      return atMs >= fromMs && atMs <= toMs;
    });
    return inside.reduce((sum, kib) => sum + kib, 0) / inside.length / 1_024;
  };
  return meanOf(durationMs - EDGE_MS, durationMs) - meanOf(0, EDGE_MS);
}

export interface SteadyVerdict {
  readonly pace: number;
  readonly growthMib: number;
  readonly growthWorstMib: number;
  readonly isPaceKept: boolean;
  readonly isSizeKept: boolean;
}

export function judgeSteadiness(runs: readonly SteadyRun[]): SteadyVerdict {
  const pace = median(runs.map((run) => run.pace));
  const growthMib = median(runs.map((run) => run.growthMib));
  return {
    pace,
    growthMib,
    growthWorstMib: Math.max(...runs.map((run) => run.growthMib)),
    isPaceKept: pace >= PACE_MIN,
    isSizeKept: growthMib <= GROWTH_MAX_MIB,
  };
}
