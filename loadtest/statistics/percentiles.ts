/**
 * @module
 * Percentiles with intervals. The value is exact; its interval comes from resampled blocks whose
 * durations are counted in buckets 1 % wide, so that a thousand resamples cost a fraction of a second.
 */
import { type Block, type Ratio, ratioOf } from "./blocks.ts";
import { type Estimate, percentileInterval } from "./interval.ts";
import { isShowable, quantile } from "./quantile.ts";

const BUCKET_RATIO = Math.log(1.01);
/** Fewer than for a mean: a resample costs more, and the ends of the interval need no third digit. */
const RESAMPLES = 400;

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
  const all = merged(blocks);
  const shown = ps.filter((p) => isShowable(all.length, p));
  const resampled = resampledQuantiles(blocks, shown, random);
  return ps.map((p) => {
    const place = shown.indexOf(p);
    if (place === -1) return null;
    const { value, low, high } = percentileInterval(quantile(all, p), resampled[place] ?? []);
    return { value: value / 1_000, low: low / 1_000, high: high / 1_000 };
  });
}

/**
 * The ratio of one percentile of two independent runs, `numerator / denominator`, or `null` where too few
 * requests lie beyond it in one of them.
 */
export function percentileRatio(
  runs: { readonly numerator: readonly Block[]; readonly denominator: readonly Block[] },
  p: number,
  random: () => number,
): Ratio | null {
  const [above, below] = [merged(runs.numerator), merged(runs.denominator)];
  if (!isShowable(above.length, p) || !isShowable(below.length, p)) return null;
  const [over = []] = resampledQuantiles(runs.numerator, [p], random);
  const [under = []] = resampledQuantiles(runs.denominator, [p], random);
  const ratios = over.map((value, place) => value / (under[place] ?? Number.NaN));
  return ratioOf(quantile(above, p) / quantile(below, p), ratios);
}

/** All durations in ascending order. */
function merged(blocks: readonly Block[]): Float64Array {
  const all = new Float64Array(blocks.reduce((count, block) => count + block.count, 0));
  let at = 0;
  for (const { durationsUs } of blocks) {
    all.set(durationsUs, at);
    at += durationsUs.length;
  }
  return all.sort();
}

interface Histogram {
  /** Bucket of the first count. */
  readonly first: number;
  readonly counts: Uint32Array;
}

function resampledQuantiles(
  blocks: readonly Block[],
  ps: readonly number[],
  random: () => number,
): number[][] {
  const results = ps.map((): number[] => []);
  const first = Math.min(...blocks.map((block) => bucketOf(block.durationsUs[0] ?? 1)));
  const last = Math.max(...blocks.map((block) => bucketOf(block.durationsUs.at(-1) ?? 1)));
  const histograms = blocks.map((block) => histogram(block, first, last));
  for (let round = 0; round < RESAMPLES && ps.length > 0; round += 1) {
    const sum: Histogram = { first, counts: new Uint32Array(last - first + 1) };
    for (let draw = 0; draw < blocks.length; draw += 1) {
      const drawn = histograms[Math.floor(random() * blocks.length)];
      if (drawn) add(sum.counts, drawn.counts);
    }
    const total = sum.counts.reduce((count, more) => count + more, 0);
    for (const [place, p] of ps.entries()) results[place]?.push(bucketQuantile(sum, total, p));
  }
  return results;
}

function histogram(block: Block, first: number, last: number): Histogram {
  const counts = new Uint32Array(last - first + 1);
  for (const durationUs of block.durationsUs) {
    const at = bucketOf(durationUs) - first;
    counts[at] = (counts[at] ?? 0) + 1;
  }
  return { first, counts };
}

function add(sum: Uint32Array, more: Uint32Array): void {
  for (let at = 0; at < sum.length; at += 1) sum[at] = (sum[at] ?? 0) + (more[at] ?? 0);
}

function bucketQuantile({ first, counts }: Histogram, total: number, p: number): number {
  const rank = Math.max(1, Math.ceil(total * p));
  let seen = 0;
  for (let at = 0; at < counts.length; at += 1) {
    seen += counts[at] ?? 0;
    if (seen >= rank) return bucketUs(first + at);
  }
  return bucketUs(first + counts.length - 1);
}
