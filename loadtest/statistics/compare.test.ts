import { describe, it } from "vitest";
import { syntheticMeasurement, syntheticRun } from "../testing/synthetic-run.ts";
import { compareRuns, differenceOf } from "./compare.ts";

const run = (meanMs: number, seed: number) =>
  syntheticRun([
    syntheticMeasurement({ pattern: "leaderboard", tier: "light", requests: 1_000, meanMs, seed }),
  ]);

describe("comparing runs", () => {
  it("names no difference in fifty comparisons of the same code with itself", ({ expect }) => {
    const named = Array.from({ length: 50 }, (_, seed) =>
      compareRuns(run(5, seed), run(5, seed + 100)),
    )
      .flatMap((comparison) => comparison.rows)
      .filter((row) => row.difference !== "none");
    expect(named).toEqual([]);
  });

  it("finds a run that is a third slower, in the right direction", ({ expect }) => {
    const { rows } = compareRuns(run(6.7, 1), run(5, 2));
    expect(rows.map((row) => [row.metric, row.difference])).toEqual([
      ["throughput", "worse"],
      ["mean", "worse"],
      ["p95", "worse"],
    ]);
    expect(
      compareRuns(run(5, 2), run(6.7, 1)).rows.every((row) => row.difference === "better"),
    ).toBe(true);
  });

  it("needs both: a ratio that chance hardly gives, and one beyond the noise of two equal runs", ({
    expect,
  }) => {
    expect(differenceOf({ value: 1.1, logDeviation: 0.001 }, true)).toBe("none");
    expect(differenceOf({ value: 1.3, logDeviation: 0.1 }, true)).toBe("none");
    expect(differenceOf({ value: 1.3, logDeviation: 0.05 }, true)).toBe("better");
    expect(differenceOf({ value: 1.3, logDeviation: 0.05 }, false)).toBe("worse");
    expect(differenceOf({ value: 1 / 1.3, logDeviation: 0.05 }, false)).toBe("better");
  });

  it("says why two runs should not be compared", ({ expect }) => {
    const before = run(5, 1);
    const elsewhere = {
      ...run(5, 2),
      seed: 9,
      fingerprint: { ...before.fingerprint, cpuModel: "Other", calibrationMs: 40 },
    };
    expect(compareRuns(run(5, 2), before).caveats).toEqual([]);
    expect(compareRuns(elsewhere, before).caveats).toHaveLength(3);
  });
});
