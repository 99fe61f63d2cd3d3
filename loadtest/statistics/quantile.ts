/**
 * @module
 * Quantiles by nearest rank: the smallest measured value that at least the fraction `p` of all values do
 * not exceed. It is always a value that was measured; nothing is interpolated.
 */

/** A quantile is shown only with at least this many values beyond it; fewer say nothing about it. */
const TAIL_SAMPLES_MIN = 10;

export function isShowable(count: number, p: number): boolean {
  // Rounded, because 1 - 0.99 is a little less than 0.01.
  return Math.round(count * (1 - p) * 1e6) / 1e6 >= TAIL_SAMPLES_MIN;
}

/** Requires values in ascending order, at least one, and 0 < p <= 1. */
export function quantile(ascending: ArrayLike<number>, p: number): number {
  const rank = Math.ceil(Math.round(ascending.length * p * 1e6) / 1e6);
  const value = ascending[Math.min(ascending.length, Math.max(1, rank)) - 1];
  if (value === undefined) throw new RangeError("a quantile needs at least one value");
  return value;
}

export const ascending = (values: readonly number[]): Float64Array =>
  Float64Array.from(values).sort();

export function mean(values: readonly number[]): number {
  if (values.length === 0) throw new RangeError("a mean needs at least one value");
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

export function median(values: readonly number[]): number {
  const sorted = ascending(values);
  const middle = sorted.length >> 1;
  const upper = sorted[middle];
  if (upper === undefined) throw new RangeError("a median needs at least one value");
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? upper) + upper) / 2;
}
