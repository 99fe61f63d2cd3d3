/**
 * @module
 * A run cut into consecutive blocks, which the bootstrap draws as wholes.
 *
 * Neighbouring requests share the same pauses, so they are not independent samples; resampling single
 * requests would give intervals that are far too narrow. Blocks of consecutive requests keep what
 * neighbours share inside a block (block bootstrap, H. R. Kuensch 1989).
 */
import { deviation, type Estimate, percentileInterval, SMALL_SAMPLE } from "./interval.ts";

const BLOCKS = 20;
const RESAMPLES = 1_000;

export interface Timed {
  /** Milliseconds since the first request was sent. */
  readonly endMs: number;
  readonly durationUs: number;
}

export interface Block {
  readonly count: number;
  /** From the end of the block before to the end of this one. */
  readonly spanMs: number;
  readonly durationSumUs: number;
  readonly durationsUs: Float64Array;
}

/** Requires the requests in order of `endMs`. Blocks differ by at most one request. */
export function blocksOf(requests: readonly Timed[], blocks: number = BLOCKS): Block[] {
  const count = Math.min(blocks, requests.length);
  let previousEndMs = 0;
  return Array.from({ length: count }, (_, place) => {
    const from = Math.floor((place * requests.length) / count);
    const to = Math.floor(((place + 1) * requests.length) / count);
    const part = requests.slice(from, to);
    const endMs = part.at(-1)?.endMs ?? previousEndMs;
    const spanMs = endMs - previousEndMs;
    previousEndMs = endMs;
    const durationsUs = Float64Array.from(part, (request) => request.durationUs).sort();
    return {
      count: part.length,
      spanMs,
      durationSumUs: durationsUs.reduce((sum, value) => sum + value, 0),
      durationsUs,
    };
  });
}

/** A number of a load, computed from any of its blocks. */
export type Statistic = (blocks: readonly Block[]) => number;

/** Requests a second over the given blocks. */
export function throughput(blocks: readonly Block[]): number {
  let count = 0;
  let spanMs = 0;
  for (const block of blocks) {
    count += block.count;
    spanMs += block.spanMs;
  }
  return spanMs === 0 ? 0 : (count / spanMs) * 1_000;
}

/** Mean duration over the given blocks, in milliseconds. */
export function meanMs(blocks: readonly Block[]): number {
  let count = 0;
  let sumUs = 0;
  for (const block of blocks) {
    count += block.count;
    sumUs += block.durationSumUs;
  }
  return count === 0 ? 0 : sumUs / count / 1_000;
}

/** The statistic of as many blocks as there are, drawn with replacement, `RESAMPLES` times. */
function resampled(blocks: readonly Block[], statistic: Statistic, random: () => number): number[] {
  const drawn = [...blocks];
  return Array.from({ length: RESAMPLES }, () => {
    for (let place = 0; place < drawn.length; place += 1) {
      const block = blocks[Math.floor(random() * blocks.length)];
      if (block) drawn[place] = block;
    }
    return statistic(drawn);
  });
}

/** A statistic of the blocks with its interval. */
export function bootstrap(
  blocks: readonly Block[],
  statistic: Statistic,
  random: () => number,
): Estimate {
  return percentileInterval(statistic(blocks), resampled(blocks, statistic, random));
}

export interface Ratio extends Estimate {
  /** Standard deviation of the ratio's logarithm: what a test of "is it 1" needs. */
  readonly logDeviation: number;
}

/** The ratio of a statistic of two independent runs, `numerator / denominator`, with its interval. */
export function bootstrapRatio(
  runs: { readonly numerator: readonly Block[]; readonly denominator: readonly Block[] },
  statistic: Statistic,
  random: () => number,
): Ratio {
  const above = resampled(runs.numerator, statistic, random);
  const below = resampled(runs.denominator, statistic, random);
  const ratios = above.map((value, place) => value / (below[place] ?? Number.NaN));
  return ratioOf(statistic(runs.numerator) / statistic(runs.denominator), ratios);
}

/** A ratio with what its resamples say about it. */
export const ratioOf = (value: number, resampledRatios: readonly number[]): Ratio => ({
  ...percentileInterval(value, resampledRatios),
  logDeviation: deviation(resampledRatios.map(Math.log)) * SMALL_SAMPLE,
});
