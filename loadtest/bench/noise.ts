/**
 * @module
 * The floor against itself (A/A) by the same procedure as a row, one process of it against another: what the
 * machine makes of no difference at all.
 */

import type { Estimate } from "../statistics/interval.ts";
import { throwIfStopped } from "../stopping.ts";
import type { DiscoveredRow } from "./discover-rows.ts";
import type { LoadResult } from "./load-process.ts";
import { type BenchContext, CONNECTIONS, caller, turnOf } from "./measure-row.ts";
import { isPatternFirst, type Pair, pairedRatio } from "./ratio.ts";

/** A machine that shows a larger difference between a thing and itself is not fit to measure others. */
const NOISE_MAX = 0.1;

export interface Noise {
  readonly ratio: Estimate;
  /** Why no row of this bench means anything, if so. */
  readonly fault: string | null;
}

export async function measureNoise(found: DiscoveredRow, context: BenchContext): Promise<Noise> {
  const { stack, sides, loads, runId, pairs, seconds, signal } = context;
  const results: LoadResult[] = [];
  const obtained = (await found.row.obtain?.(caller(stack, sides), runId)) ?? [];
  const run = async (place: number) => {
    throwIfStopped(signal);
    const result = await loads.run({
      rowPath: found.path,
      origin: turnOf(sides.floors, place).url,
      key: stack.key,
      runId,
      seconds,
      connections: CONNECTIONS,
      isJudged: false,
      obtained,
    });
    results.push(result);
    return (result.answered / result.durationMs) * 1_000;
  };
  const measured: Pair[] = [];
  for (let place = 0; place < pairs; place += 1) {
    const [first, second] = [await run(place), await run(place + 1)];
    measured.push(
      isPatternFirst(place) ? { pattern: first, floor: second } : { pattern: second, floor: first },
    );
  }
  const ratio = pairedRatio(measured);
  return { ratio, fault: noiseFault(ratio, results) };
}

/** Faulty when the whole interval lies outside of 1 +- `NOISE_MAX`, or a load failed. */
export function noiseFault(
  { low, high }: Estimate,
  results: readonly Pick<LoadResult, "answered" | "failed" | "failure">[],
): string | null {
  const failed = results.find((result) => result.failed > 0);
  if (failed) return `${failed.failed} of ${failed.answered} requests failed: ${failed.failure}`;
  // Written so that no number at all is a fault too.
  const isCalm = low <= 1 + NOISE_MAX && high >= 1 - NOISE_MAX;
  return isCalm ? null : `the machine makes more than ${NOISE_MAX * 100} % of no difference at all`;
}
