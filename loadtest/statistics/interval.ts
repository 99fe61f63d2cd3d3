/** A measured number with the interval it lies in at 95 % confidence. `low <= value <= high`. */
export interface Estimate {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

const CONFIDENCE = 0.95;

/**
 * Resampling twenty blocks gives intervals that are too narrow, as the standard deviation of a small
 * sample is: by sqrt(n / (n - 1)), and by Student's t against the normal quantile (2.093 / 1.960).
 */
export const SMALL_SAMPLE = 1.096;

/** Two numbers whose intervals share a point cannot be told apart by this run. */
export const overlaps = (a: Estimate, b: Estimate): boolean => a.low <= b.high && b.low <= a.high;

/** The middle 95 % of the statistics of resampled blocks, widened as a small sample needs. */
export function percentileInterval(value: number, resampled: readonly number[]): Estimate {
  const sorted = Float64Array.from(resampled).sort();
  const tail = (1 - CONFIDENCE) / 2;
  const low = sorted[Math.floor(tail * (sorted.length - 1))] ?? value;
  const high = sorted[Math.ceil((1 - tail) * (sorted.length - 1))] ?? value;
  return {
    value,
    low: Math.min(value, value + (low - value) * SMALL_SAMPLE),
    high: Math.max(value, value + (high - value) * SMALL_SAMPLE),
  };
}

/** Sample standard deviation. */
export function deviation(values: readonly number[]): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return values.length < 2 ? 0 : Math.sqrt(squares / (values.length - 1));
}

/**
 * The interval of a proportion (E. B. Wilson 1927): honest at 0 of n, where the naive one says +-0.
 */
export function proportion(hits: number, count: number): Estimate {
  if (count === 0) return { value: 0, low: 0, high: 1 };
  const z = 1.959964;
  const p = hits / count;
  const scale = 1 + z ** 2 / count;
  const centre = (p + z ** 2 / (2 * count)) / scale;
  const half = (z / scale) * Math.sqrt((p * (1 - p)) / count + z ** 2 / (4 * count ** 2));
  return {
    value: p,
    low: Math.max(0, Math.min(p, centre - half)),
    high: Math.min(1, centre + half),
  };
}
