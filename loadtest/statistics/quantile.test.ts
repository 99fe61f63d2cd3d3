import fc from "fast-check";
import { describe, it } from "vitest";
import { ascending, isShowable, mean, median, quantile } from "./quantile.ts";

const values = fc.array(fc.integer({ min: 0, max: 1_000 }), { minLength: 1, maxLength: 200 });

/** The definition, word for word: the smallest value that at least `p` of all values do not exceed. */
function bruteForce(list: readonly number[], p: number): number {
  const candidates = list.filter(
    (value) => list.filter((other) => other <= value).length >= p * list.length - 1e-9,
  );
  return Math.min(...candidates);
}

describe("quantile", () => {
  it("equals the definition counted by hand, on random values", ({ expect }) => {
    fc.assert(
      fc.property(values, fc.constantFrom(0.5, 0.9, 0.95, 0.99, 0.999, 1), (list, p) => {
        expect(quantile(ascending(list), p)).toBe(bruteForce(list, p));
      }),
    );
  });

  it("sorts numbers as numbers", ({ expect }) => {
    expect([...ascending([10, 9, 100])]).toEqual([9, 10, 100]);
  });

  it("refuses an empty list", ({ expect }) => {
    expect(() => quantile([], 0.5)).toThrow(RangeError);
    expect(() => mean([])).toThrow(RangeError);
    expect(() => median([])).toThrow(RangeError);
  });

  it("is shown only with ten values beyond it", ({ expect }) => {
    expect(isShowable(1_000, 0.99)).toBe(true);
    expect(isShowable(999, 0.99)).toBe(false);
    expect(isShowable(10_000, 0.999)).toBe(true);
    expect(isShowable(9_999, 0.999)).toBe(false);
    expect(isShowable(20, 0.5)).toBe(true);
    expect(isShowable(19, 0.5)).toBe(false);
  });

  it("takes the middle, or the mean of the two in the middle, as the median", ({ expect }) => {
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1, 3, 2])).toBe(2.5);
  });
});
