/**
 * @module
 * Keys as real callers choose them: a few are hot. Rank r is drawn with probability proportional to
 * 1 / r^0.99, YCSB's constant; with 1,000 keys the hottest takes 13 % and the top tenth 69 %.
 */

/** YCSB's `ZIPFIAN_CONSTANT` (brianfrankcooper/YCSB, ZipfianGenerator). */
const ZIPF_EXPONENT = 0.99;

/** Returns a function from a uniform number in [0, 1) to a rank in [0, size). */
export function zipf(size: number, exponent: number = ZIPF_EXPONENT): (uniform: number) => number {
  const cumulative: number[] = [];
  let total = 0;
  for (let rank = 1; rank <= size; rank += 1) {
    total += 1 / rank ** exponent;
    cumulative.push(total);
  }
  return (uniform) => {
    const target = uniform * total;
    let low = 0;
    let high = size - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((cumulative[middle] ?? total) > target) high = middle;
      else low = middle + 1;
    }
    return low;
  };
}

/** Picks an index by weight: `pick([0.5, 0.3, 0.2], u)` is 0 for half of all `u`. */
export function pick(shares: readonly number[], uniform: number): number {
  let rest = uniform;
  for (let index = 0; index < shares.length - 1; index += 1) {
    rest -= shares[index] ?? 0;
    if (rest < 0) return index;
  }
  return shares.length - 1;
}
