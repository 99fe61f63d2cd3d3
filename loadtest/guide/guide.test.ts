import fc from "fast-check";
import { describe, it } from "vitest";
import { PATTERNS, type PatternId } from "../../shared/patterns.ts";
import type { Measurement, Run } from "../run-file/schema.ts";
import type { Estimate } from "../statistics/interval.ts";
import { remoteRun, syntheticMeasurement, syntheticRun } from "../testing/synthetic-run.ts";
import { selectionGuide } from "./guide.ts";
import { type Better, rank } from "./ranking.ts";
import { guideText } from "./text.ts";

const estimate: fc.Arbitrary<Estimate> = fc
  .tuple(fc.nat({ max: 100 }), fc.nat({ max: 10 }), fc.nat({ max: 10 }))
  .map(([value, below, above]) => ({ value, low: value - below, high: value + above }));

const candidates = fc
  .array(estimate, { minLength: 1, maxLength: 10 })
  .map((estimates) => estimates.map((one, place) => ({ id: `p${place}`, estimate: one })));

const better = fc.constantFrom<Better>("higher", "lower");

const ranksById = (
  list: readonly { readonly id: string; readonly estimate: Estimate }[],
  by: Better,
) => new Map(rank(list, by).map((one) => [one.id, one.rank]));

describe("ranking", () => {
  it("does not depend on the order in which candidates are given", ({ expect }) => {
    fc.assert(
      fc.property(candidates, better, (list, by) => {
        expect(rank(list.toReversed(), by)).toEqual(rank(list, by));
      }),
    );
  });

  it("exchanges two places when two measurements are exchanged", ({ expect }) => {
    fc.assert(
      fc.property(candidates, better, fc.nat(), fc.nat(), (list, by, first, second) => {
        const [a, b] = [list[first % list.length], list[second % list.length]];
        if (!a || !b) return;
        const flipped = list.map((one) =>
          one.id === a.id
            ? { ...one, estimate: b.estimate }
            : one.id === b.id
              ? { ...one, estimate: a.estimate }
              : one,
        );
        expect(ranksById(flipped, by).get(a.id)).toBe(ranksById(list, by).get(b.id));
        expect(ranksById(flipped, by).get(b.id)).toBe(ranksById(list, by).get(a.id));
      }),
    );
  });

  it("gives the first rank to the best measured value and to whoever overlaps with it", ({
    expect,
  }) => {
    fc.assert(
      fc.property(candidates, (list) => {
        const ranked = rank(list, "lower");
        const leastHigh = Math.min(...list.map((one) => one.estimate.high));
        for (const one of ranked) expect(one.rank === 1).toBe(one.estimate.low <= leastHigh);
      }),
    );
  });

  it("never ranks one above another that is certainly better", ({ expect }) => {
    fc.assert(
      fc.property(candidates, (list) => {
        for (const a of rank(list, "higher")) {
          for (const b of rank(list, "higher")) {
            if (a.estimate.low > b.estimate.high) expect(a.rank).toBeLessThan(b.rank);
          }
        }
      }),
    );
  });
});

const LOADS = [
  ["light", 1_000],
  ["medium", 4_000],
] as const;

/** Patterns with the given mean response times, at two loads. */
function runOf(means: readonly (readonly [PatternId, number])[], seed = 1): Run {
  return syntheticRun(
    means.flatMap(([pattern, meanMs]) =>
      LOADS.map(
        ([tier, requests]): Measurement =>
          syntheticMeasurement({ pattern, tier, requests, meanMs, seed }),
      ),
    ),
  );
}

const recommended = (run: Run, need: string): readonly string[] =>
  selectionGuide(run)?.recommendations.find((one) => one.useCase.id === need)?.recommended ?? [];

const NEEDS = ["consistency", "throughput", "latency", "real-time"];

describe("the selection guide", () => {
  it("recommends what was measured to be best, and flips when the measurements are flipped", ({
    expect,
  }) => {
    fc.assert(
      fc.property(
        fc.integer({ min: 2, max: 6 }),
        fc.constantFrom(1.5, 2, 3),
        fc.constantFrom<readonly [PatternId, PatternId]>(
          ["leaderboard", "cache-aside"],
          ["session-store", "rate-limiting"],
        ),
        (meanMs, factor, [a, b]) => {
          const run = runOf([
            [a, meanMs],
            [b, meanMs * factor],
          ]);
          const flipped = runOf([
            [a, meanMs * factor],
            [b, meanMs],
          ]);
          for (const need of NEEDS) {
            expect(recommended(run, need)).toEqual([a]);
            expect(recommended(flipped, need)).toEqual([b]);
          }
        },
      ),
      { numRuns: 6 },
    );
  });

  it("recommends both where the run cannot tell them apart, and says so", ({ expect }) => {
    const run = runOf([
      ["leaderboard", 5],
      ["cache-aside", 5],
    ]);
    for (const need of NEEDS) expect(recommended(run, need)).toHaveLength(2);
    expect(guideText(run)).toMatch(/Throughput\s+1\. .*; 1\. /);
  });

  it("lets only the strongest verified promise compete for consistency", ({ expect }) => {
    const run = runOf([
      ["leaderboard", 9],
      ["cache-aside", 2],
    ]);
    const patterns = run.patterns.map((one) => ({
      ...one,
      consistency: one.id === "leaderboard" ? ("linearizable" as const) : ("fresh" as const),
    }));
    expect(recommended({ ...run, patterns }, "consistency")).toEqual(["leaderboard"]);
    expect(recommended({ ...run, patterns }, "latency")).toEqual(["cache-aside"]);
  });

  it("is not made of an invalid run", ({ expect }) => {
    const run = { ...runOf([["leaderboard", 5]]), verdict: { valid: false, reasons: ["x"] } };
    expect(selectionGuide(run)).toBeNull();
    expect(guideText(run)).toBe("No selection guide: the run is invalid.");
  });

  it("warns of a pattern whose throughput collapses under load, and of no other", ({ expect }) => {
    const steady = runOf([["leaderboard", 5]]).measurements;
    const collapsing = [
      syntheticMeasurement({ pattern: "bloom-sstable", tier: "light", requests: 1_000, meanMs: 4 }),
      syntheticMeasurement({
        pattern: "bloom-sstable",
        tier: "medium",
        requests: 4_000,
        meanMs: 40,
      }),
    ];
    const avoid = selectionGuide(syntheticRun([...steady, ...collapsing]))?.avoid ?? [];
    expect(avoid.map(({ pattern, requests }) => [pattern, requests])).toEqual([
      ["bloom-sstable", 4_000],
    ]);
  });

  it("calls no worker grown that was not sampled at both loads", ({ expect }) => {
    const grown = runOf([["leaderboard", 5]]).measurements.map((one, place) => ({
      ...one,
      resources: one.resources && {
        ...one.resources,
        processes: one.resources.processes.map((series) => ({
          ...series,
          rssKib: series.rssKib.map((kib) => kib * (1 + 9 * place)),
        })),
      },
    }));
    expect(selectionGuide(syntheticRun(grown))?.avoid).toHaveLength(1);
    const [light] = remoteRun(syntheticRun(grown)).measurements;
    const half = grown.map((one, place) => (place === 0 && light ? light : one));
    expect(selectionGuide(syntheticRun(half))?.avoid).toEqual([]);
  });

  it("says that it cannot say where only one load was measured", ({ expect }) => {
    const run = syntheticRun([
      syntheticMeasurement({ pattern: "leaderboard", tier: "light", requests: 1_000, meanMs: 3 }),
    ]);
    expect(recommended(run, "volume")).toEqual([]);
    expect(guideText(run)).toMatch(/Large volume\s+this run cannot say/);
  });

  it("knows every pattern only through the run", ({ expect }) => {
    const run = runOf(PATTERNS.map((pattern) => [pattern.id, 4] as const));
    expect(selectionGuide(run)?.reliability).toHaveLength(PATTERNS.length);
  });
});
