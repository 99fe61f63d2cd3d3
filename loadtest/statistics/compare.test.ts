import { describe, it } from "vitest";
import type { Run } from "../run-file/schema.ts";
import { remoteRun, syntheticMeasurement, syntheticRun } from "../testing/synthetic-run.ts";
import { compareRuns, differenceOf } from "./compare.ts";
import { ascending, quantile } from "./quantile.ts";

const run = (meanMs: number, seed: number) =>
  syntheticRun([
    syntheticMeasurement({ pattern: "leaderboard", tier: "light", requests: 1_000, meanMs, seed }),
  ]);

/** The run with the last part of its requests so many times slower. */
function withLastPart(whole: Run, part: number, factor: number): Run {
  return {
    ...whole,
    measurements: whole.measurements.map((one) => ({
      ...one,
      requests: {
        ...one.requests,
        durationUs: one.requests.durationUs.map((us, place, all) =>
          place < all.length * (1 - part) ? us : us * factor,
        ),
      },
    })),
  };
}

const p95Us = ({ measurements: [one] }: Run): number =>
  quantile(ascending(one?.requests.durationUs ?? []), 0.95);

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

  it("says when another process served one of the two, whatever the targets are called", ({
    expect,
  }) => {
    const unsampled = { ...remoteRun(run(5, 2)), target: run(5, 2).target };
    expect(compareRuns(unsampled, run(5, 1)).caveats).toEqual([
      "Not the same processes were sampled: only here none, only there worker, gateway, redis, postgres.",
    ]);
    expect(compareRuns(run(5, 1), unsampled).caveats).toHaveLength(1);
  });

  it("compares the P95 of all requests, also where a few blocks hold the whole tail", ({
    expect,
  }) => {
    const calm = run(5, 1);
    const tail = withLastPart(calm, 0.08, 10);
    const p95 = compareRuns(tail, calm).rows.find((row) => row.metric === "p95");
    const [now, then] = [tail, calm].map((one) => p95Us(one));
    expect(p95?.ratio.value).toBeCloseTo((now ?? 0) / (then ?? 1), 9);
    expect(p95?.ratio.value).toBeGreaterThan(2);
  });

  it("compares no P95 that fewer than ten requests lie beyond", ({ expect }) => {
    const few = syntheticRun([
      syntheticMeasurement({ pattern: "leaderboard", tier: "light", requests: 190, meanMs: 5 }),
    ]);
    expect(compareRuns(few, run(5, 1)).rows.map((row) => row.metric)).toEqual([
      "throughput",
      "mean",
    ]);
  });
});
