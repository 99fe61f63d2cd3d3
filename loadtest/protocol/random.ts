/**
 * @module
 * Chance as a function of (seed, index): the k6 journeys draw each request from it, verification draws
 * the same requests again, and the statistics resample with it. Nothing keeps state between machines.
 */

/** Mixes 32-bit numbers into one (the finalizer of MurmurHash3, applied after each word). */
export function hash32(seed: number, ...words: readonly number[]): number {
  let hash = seed | 0;
  for (const word of words) {
    hash = Math.imul(hash ^ word, 0x85ebca6b);
    hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
    hash ^= hash >>> 16;
    hash = (hash + 0x9e3779b9) | 0;
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** Uniform in [0, 1), one value for each (seed, words). */
export const unit = (seed: number, ...words: readonly number[]): number =>
  hash32(seed, ...words) / 4_294_967_296;

/** Uniform integer in [0, bound). */
export const below = (bound: number, seed: number, ...words: readonly number[]): number =>
  Math.floor(unit(seed, ...words) * bound);

/** A stream of numbers in [0, 1) for code that resamples: the n-th call gives `unit(seed, n)`. */
export function randomStream(seed: number): () => number {
  let draws = 0;
  return () => {
    draws += 1;
    return unit(seed, draws);
  };
}
