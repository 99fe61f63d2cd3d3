/**
 * @module
 * From pairs of measurements to a ratio with its interval, and to a judgement. Pure.
 */
import { randomStream } from "../protocol/random.ts";
import { type Estimate, percentileInterval } from "../statistics/interval.ts";

/** A pattern keeps its promise when it has at least this part of its floor's throughput. */
export const RATIO_MIN = 0.85;

const RESAMPLES = 2_000;

export interface Pair {
  /** Requests a second. */
  readonly pattern: number;
  readonly floor: number;
}

/** The geometric mean of the pairs' ratios; its interval comes from resampling whole pairs. */
export function pairedRatio(pairs: readonly Pair[], seed = 1): Estimate {
  const random = randomStream(seed);
  const logs = pairs.map(({ pattern, floor }) => Math.log(pattern / floor));
  const meanOf = (draw: (place: number) => number) => {
    let sum = 0;
    for (let place = 0; place < logs.length; place += 1) sum += draw(place);
    return Math.exp(sum / logs.length);
  };
  const resampled = Array.from({ length: RESAMPLES }, () =>
    meanOf(() => logs[Math.floor(random() * logs.length)] ?? 0),
  );
  return percentileInterval(
    meanOf((place) => logs[place] ?? 0),
    resampled,
  );
}

/**
 * - `meets`: the lower bound of the interval is at least `RATIO_MIN`;
 * - `misses`: the upper bound is below it;
 * - `unclear`: the interval holds it; more pairs, or a quieter machine, would tell.
 */
export type Judgement = "meets" | "misses" | "unclear";

export function judgeRatio({ low, high }: Estimate): Judgement {
  if (low >= RATIO_MIN) return "meets";
  return high < RATIO_MIN ? "misses" : "unclear";
}

/** The order of the two sides in pair `place`: ABBA, so that a drift of the machine falls on both alike. */
export const isPatternFirst = (place: number): boolean => place % 4 === 0 || place % 4 === 3;
