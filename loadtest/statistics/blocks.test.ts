import fc from "fast-check";
import { describe, it } from "vitest";
import { randomStream } from "../protocol/random.ts";
import {
  type Block,
  blocksOf,
  bootstrap,
  bootstrapRatio,
  meanMs,
  type Timed,
  throughput,
} from "./blocks.ts";
import { overlaps, percentileInterval, proportion, SMALL_SAMPLE } from "./interval.ts";
import { percentiles } from "./percentiles.ts";
import { quantile } from "./quantile.ts";

const load = fc
  .array(fc.record({ step: fc.nat({ max: 20 }), durationUs: fc.nat({ max: 100_000 }) }), {
    minLength: 1,
    maxLength: 300,
  })
  .map((steps) => {
    let endMs = 0;
    return steps.map(({ step, durationUs }): Timed => {
      endMs += step;
      return { endMs, durationUs };
    });
  });

/** A steady load: one request a millisecond, each as long as the seed says. */
function steady(count: number, scale: number, seed: number): Block[] {
  const random = randomStream(seed);
  const requests: Timed[] = [];
  let endMs = 0;
  for (let index = 0; index < count; index += 1) {
    const durationUs = 1_000 * scale * (0.5 + random());
    endMs += durationUs / 1_000;
    requests.push({ endMs, durationUs });
  }
  return blocksOf(requests);
}

describe("blocks", () => {
  it("loses no request and no time: sums over blocks equal sums over requests", ({ expect }) => {
    fc.assert(
      fc.property(load, (requests) => {
        const blocks = blocksOf(requests);
        const count = blocks.reduce((sum, block) => sum + block.count, 0);
        const spanMs = blocks.reduce((sum, block) => sum + block.spanMs, 0);
        const durations = requests.map((request) => request.durationUs);
        expect(count).toBe(requests.length);
        expect(spanMs).toBe(requests.at(-1)?.endMs);
        expect(meanMs(blocks)).toBeCloseTo(
          durations.reduce((sum, value) => sum + value, 0) / durations.length / 1_000,
          9,
        );
        const sizes = blocks.map((block) => block.count);
        expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
      }),
    );
  });

  it("gives an interval that holds the measured value and repeats with the seed", ({ expect }) => {
    fc.assert(
      fc.property(load, (requests) => {
        const blocks = blocksOf(requests);
        const interval = bootstrap(blocks, meanMs, randomStream(1));
        expect(interval.low).toBeLessThanOrEqual(interval.value);
        expect(interval.high).toBeGreaterThanOrEqual(interval.value);
        expect(bootstrap(blocks, meanMs, randomStream(1))).toEqual(interval);
      }),
      { numRuns: 20 },
    );
  });

  it("covers the true mean in nearly all of a hundred loads", ({ expect }) => {
    const hits = Array.from({ length: 100 }, (_, seed) => {
      const { low, high } = bootstrap(steady(2_000, 1, seed + 1), meanMs, randomStream(seed));
      return low <= 1 && high >= 1;
    }).filter(Boolean).length;
    expect(hits).toBeGreaterThanOrEqual(85);
  });

  it("finds the ratio of two loads, and excludes 1 when it is far from it", ({ expect }) => {
    const runs = { numerator: steady(5_000, 1, 1), denominator: steady(5_000, 1.3, 2) };
    const ratio = bootstrapRatio(runs, throughput, randomStream(3));
    expect(ratio.value).toBeCloseTo(1.3, 1);
    expect(ratio.low).toBeGreaterThan(1.2);
  });
});

describe("percentiles", () => {
  it("are exact values with intervals around them, or nothing with fewer than ten beyond", ({
    expect,
  }) => {
    const blocks = steady(1_000, 1, 9);
    const all = blocks.flatMap((block) => [...block.durationsUs]).sort((a, b) => a - b);
    const [p50, p99, p999] = percentiles(blocks, [0.5, 0.99, 0.999], randomStream(1));
    expect(p50?.value).toBe(quantile(all, 0.5) / 1_000);
    expect(p99?.value).toBe(quantile(all, 0.99) / 1_000);
    expect(p999).toBeNull();
    for (const estimate of [p50, p99]) {
      expect(estimate?.low).toBeLessThanOrEqual(estimate?.value ?? 0);
      expect(estimate?.high).toBeGreaterThanOrEqual(estimate?.value ?? 0);
    }
    expect((p50?.high ?? 9) - (p50?.low ?? 0)).toBeLessThan(0.2);
  });
});

describe("intervals", () => {
  it("overlap when they share a point, in either order", ({ expect }) => {
    const at = (low: number, high: number) => ({ value: (low + high) / 2, low, high });
    expect(overlaps(at(1, 2), at(2, 3))).toBe(true);
    expect(overlaps(at(2, 3), at(1, 2))).toBe(true);
    expect(overlaps(at(1, 2), at(2.1, 3))).toBe(false);
    expect(overlaps(at(0, 9), at(3, 4))).toBe(true);
  });

  it("take the middle 95 % of the resamples, widened for twenty blocks", ({ expect }) => {
    const resampled = Array.from({ length: 1_001 }, (_, place) => place);
    expect(percentileInterval(500, resampled)).toEqual({
      value: 500,
      low: 500 - 475 * SMALL_SAMPLE,
      high: 500 + 475 * SMALL_SAMPLE,
    });
  });

  it("know that none of ten says little (Wilson: up to 27.8 %)", ({ expect }) => {
    const none = proportion(0, 10);
    expect(none.value).toBe(0);
    expect(none.low).toBe(0);
    expect(none.high).toBeCloseTo(0.2775, 3);
    expect(proportion(5, 10).low).toBeCloseTo(0.2366, 3);
    expect(proportion(5, 10).high).toBeCloseTo(0.7634, 3);
  });
});
