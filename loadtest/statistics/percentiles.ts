/**
 * @module
 * Percentiles with intervals. The value is exact; its interval comes from resampled blocks whose
 * durations are counted in buckets 1 % wide, so that a thousand resamples cost a fraction of a second.
 */
import { type Block, RESAMPLES } from "./blocks.ts";
import { type Estimate, percentileInterval } from "./interval.ts";
import { isShowable, quantile } from "./quantile.ts";

const BUCKET_RATIO = Math.log(1.01);

const bucketOf = (durationUs: number): number =>
  Math.floor(Math.log(Math.max(1, durationUs)) / BUCKET_RATIO);

/** The geometric middle of a bucket, in microseconds. */
const bucketUs = (bucket: number): number => Math.exp((bucket + 0.5) * BUCKET_RATIO);

/** Milliseconds for each `p`, or `null` where too few requests lie beyond it. */
export function percentiles(
  blocks: readonly Block[],
  ps: readonly number[],
  random: () => number,
): (Estimate | null)[] {
  const all = Float64Array.from(blocks.flatMap((block) => [...block.durationsUs])).sort();
  const shown = ps.filter((p) => isShowable(all.length, p));
  const resampled = resampledQuantiles(blocks, shown, random);
  return ps.map((p) => {
    const place = shown.indexOf(p);
    if (place === -1) return null;
    const valueUs = quantile(all, p);
    const { value, low, high } = percentileInterval(valueUs, resampled[place] ?? []);
    return { value: value / 1_000, low: low / 1_000, high: high / 1_000 };
  });
}

function resampledQuantiles(
  blocks: readonly Block[],
  ps: readonly number[],
  random: () => number,
): number[][] {
  const results = ps.map((): number[] => []);
  const slowestUs = Math.max(1, ...blocks.map((block) => block.durationsUs.at(-1) ?? 1));
  const size = bucketOf(slowestUs) + 1;
  const histograms = blocks.map((block) => histogram(block, size));
  for (let round = 0; round < RESAMPLES && ps.length > 0; round += 1) {
    const sum = new Uint32Array(size);
    for (let draw = 0; draw < blocks.length; draw += 1) {
      const drawn = histograms[Math.floor(random() * blocks.length)];
      if (drawn)
        for (let bucket = 0; bucket < size; bucket += 1)
          sum[bucket] = at(sum, bucket) + at(drawn, bucket);
    }
    for (const [place, p] of ps.entries()) results[place]?.push(bucketQuantile(sum, p));
  }
  return results;
}

const at = (counts: Uint32Array, bucket: number): number => counts[bucket] ?? 0;

function histogram(block: Block, size: number): Uint32Array {
  const counts = new Uint32Array(size);
  for (const durationUs of block.durationsUs) {
    const bucket = bucketOf(durationUs);
    counts[bucket] = at(counts, bucket) + 1;
  }
  return counts;
}

function bucketQuantile(counts: Uint32Array, p: number): number {
  const total = counts.reduce((sum, count) => sum + count, 0);
  const rank = Math.max(1, Math.ceil(total * p));
  let seen = 0;
  for (let bucket = 0; bucket < counts.length; bucket += 1) {
    seen += at(counts, bucket);
    if (seen >= rank) return bucketUs(bucket);
  }
  return bucketUs(counts.length - 1);
}
