/**
 * @module
 * Chance as a function of (seed, index): the k6 journeys draw each request from it, verification draws
 * the same requests again, and the statistics resample with it. Nothing keeps state between machines.
 */

/**
 * Mixes three 32-bit numbers into one (the body and finalizer of MurmurHash3). Plain arithmetic without
 * loops or arrays, because k6's JavaScript engine is an interpreter and draws are made for each request.
 */
export function hash32(seed: number, index: number, salt = 0): number {
  let hash = seed ^ Math.imul(index, 0xcc9e2d51);
  hash = Math.imul((hash << 13) | (hash >>> 19), 5) + 0xe6546b64;
  hash ^= Math.imul(salt + 1, 0x1b873593);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** Uniform in [0, 1), one value for each (seed, index, salt). */
export const unit = (seed: number, index: number, salt = 0): number =>
  hash32(seed, index, salt) / 4_294_967_296;

/** A stream of numbers in [0, 1) for code that resamples: the n-th call gives `unit(seed, n)`. */
export function randomStream(seed: number): () => number {
  let draws = 0;
  return () => {
    draws += 1;
    return unit(seed, draws);
  };
}
