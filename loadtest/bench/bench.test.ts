import { readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, it } from "vitest";
import { randomStream } from "../protocol/random.ts";
import { TIERS } from "../protocol/tiers.ts";
import { RunStoppedError } from "../stopping.ts";
import { remoteRun, syntheticMeasurement, syntheticRun } from "../testing/synthetic-run.ts";
import { discoverRows } from "./discover-rows.ts";
import { type BenchContext, measureRow, opponentOf, tripsFault, turnOf } from "./measure-row.ts";
import { measureNoise, noiseFault } from "./noise.ts";
import { isPatternFirst, judgeRatio, type Pair, pairedRatio } from "./ratio.ts";
import { GROWTH_MAX_MIB, judgeSteadiness, PACE_MIN, steadiness } from "./steady.ts";

const ROWS = join(dirname(fileURLToPath(import.meta.url)), "rows");

/** Pairs around a true ratio, with the same noise on both sides and a drift of the machine. */
function pairs(ratio: number, noise: number, seed: number): Pair[] {
  const random = randomStream(seed);
  const noisy = (value: number, place: number) =>
    value * (1 + place / 50) * (1 + noise * (random() - 0.5));
  return Array.from({ length: 12 }, (_, place) => ({
    pattern: noisy(1_000 * ratio, place),
    floor: noisy(1_000, place),
  }));
}

describe("the ratio of pairs", () => {
  it("is the geometric mean of the pairs' ratios, with an interval around it", ({ expect }) => {
    const { value, low, high } = pairedRatio([
      { pattern: 50, floor: 100 },
      { pattern: 200, floor: 100 },
    ]);
    expect(value).toBeCloseTo(1, 9);
    expect(low).toBeLessThanOrEqual(0.5);
    expect(high).toBeGreaterThanOrEqual(2);
  });

  it("covers the true ratio in nearly all of two hundred benches, whatever the drift", ({
    expect,
  }) => {
    const hits = Array.from({ length: 200 }, (_, seed) =>
      pairedRatio(pairs(0.9, 0.2, seed + 1)),
    ).filter(({ low, high }) => low <= 0.9 && high >= 0.9);
    expect(hits.length).toBeGreaterThanOrEqual(180);
  });

  it("is judged by the bound that is on the safe side", ({ expect }) => {
    expect(judgeRatio({ value: 0.9, low: 0.85, high: 0.95 })).toBe("meets");
    expect(judgeRatio({ value: 0.9, low: 0.84, high: 0.96 })).toBe("unclear");
    expect(judgeRatio({ value: 0.8, low: 0.75, high: 0.849 })).toBe("misses");
  });

  it("is measured in the order ABBA", ({ expect }) => {
    expect([0, 1, 2, 3, 4, 5, 6, 7].map(isPatternFirst)).toEqual([
      true,
      false,
      false,
      true,
      true,
      false,
      false,
      true,
    ]);
  });
});

describe("the processes of the two sides", () => {
  it("take turns, and each meets each of the other side", ({ expect }) => {
    const met = Array.from({ length: 9 }, (_, place) => {
      return `${turnOf(["a", "b", "c"], place)}${turnOf(["x", "y", "z"], opponentOf(place, 3))}`;
    });
    expect(new Set(met).size).toBe(9);
    expect(met.slice(0, 3)).toEqual(["ax", "by", "cz"]);
  });
});

describe("the floor against itself", () => {
  const answered = { answered: 100, failed: 0, failure: null };

  it("makes the bench invalid when its whole interval lies beyond a tenth", ({ expect }) => {
    const fault = (low: number, high: number) =>
      noiseFault({ value: (low + high) / 2, low, high }, [answered]);
    expect(fault(0.97, 1.02)).toBeNull();
    expect(fault(0.8, 0.9)).toBeNull();
    expect(fault(1.1, 1.2)).toBeNull();
    expect(fault(0.8, 0.89)).toMatch(/10 % of no difference/);
    expect(fault(1.11, 1.2)).toMatch(/10 % of no difference/);
    expect(fault(Number.NaN, Number.NaN)).toMatch(/10 % of no difference/);
  });

  it("makes the bench invalid when one of its loads failed", ({ expect }) => {
    const failed = { answered: 90, failed: 10, failure: "status 503" };
    expect(noiseFault({ value: 1, low: 0.99, high: 1.01 }, [answered, failed])).toBe(
      "10 of 90 requests failed: status 503",
    );
  });
});

describe("the trips of a row", () => {
  it("may be exceeded by what background work adds, and by no more", ({ expect }) => {
    expect(tripsFault(1, 1.05)).toBeNull();
    expect(tripsFault(1, 0.2)).toBeNull();
    expect(tripsFault(1, null)).toBeNull();
    expect(tripsFault(1, 1.06)).toBe("1.060 store requests for each request, where 1 are pinned");
  });
});

describe("a bench that is stopped", () => {
  it("sends no further load, neither in a row nor for the noise", async ({ expect }) => {
    const [found] = await discoverRows();
    if (found === undefined) throw new Error("there are rows");
    const prepared = { ...found, row: { ...found.row, prepare: async () => {} } };
    const host = { url: "http://127.0.0.1:1", workerPid: process.pid, stop: async () => {} };
    const server = { id: "main", url: "http://127.0.0.1:1", token: "t", port: 1, pid: 1 };
    const context: BenchContext = {
      stack: {
        url: "http://127.0.0.1:1",
        key: "k",
        pid: process.pid,
        worker: { pid: process.pid },
        redis: { main: server, nodes: [], shards: [] },
        postgres: { url: "postgres://127.0.0.1:1", sqlUrl: "http://127.0.0.1:1" },
        faults: { url: "http://127.0.0.1:1" },
      },
      sides: { workers: [host], floors: [host], stop: async () => {} },
      loads: { run: () => Promise.reject(new Error("a load was sent")), stop: () => {} },
      runId: "run",
      pairs: 4,
      seconds: 1,
      say: () => {},
      signal: AbortSignal.abort(),
    };
    await expect(measureRow(prepared, context)).rejects.toThrow(RunStoppedError);
    await expect(measureNoise(found, context)).rejects.toThrow(RunStoppedError);
  });
});

describe("rows", () => {
  it("are the files of their folder, each named after its row", async ({ expect }) => {
    const rows = await discoverRows();
    const files = readdirSync(ROWS).map((name) => name.replace(/\.ts$/, ""));
    expect(rows.map(({ row }) => row.id)).toEqual(files.sort());
    for (const { row } of rows) expect(row.trips).toBeGreaterThanOrEqual(0);
  });

  it("never send the same write twice", async ({ expect }) => {
    for (const { row } of await discoverRows()) {
      const [first, second] = [row.request("run", 1), row.request("run", 2)];
      if (first.method !== "POST") continue;
      expect(first).not.toEqual(second);
      const [one, two] = [first, second].map(({ headers }) => headers?.["idempotency-key"]);
      if (one !== undefined) expect(one).not.toBe(two);
    }
  });
});

const [, , HEAVY] = TIERS;

describe("steadiness", () => {
  const even = syntheticMeasurement({
    pattern: "leaderboard",
    tier: "heavy",
    requests: HEAVY.requests,
    meanMs: 4,
  });

  it("compares the last ten thousand requests with the second ten thousand", ({ expect }) => {
    expect(steadiness(even).pace).toBeCloseTo(1, 1);
    const slowing = {
      ...even,
      requests: {
        ...even.requests,
        endStepMs: even.requests.endStepMs.map((stepMs, place) =>
          place >= 40_000 ? stepMs * 2 : stepMs,
        ),
      },
    };
    expect(steadiness(slowing).pace).toBeCloseTo(steadiness(even).pace / 2, 2);
  });

  it("takes the growth of the worker from the edges of the load", ({ expect }) => {
    const { resources } = even;
    if (resources === null) throw new Error("the synthetic measurement is sampled");
    const durationMs = even.requests.endStepMs.reduce((sum, step) => sum + step, 0);
    const growing = {
      ...even,
      resources: {
        ...resources,
        processes: resources.processes.map((series) =>
          series.role === "worker"
            ? {
                ...series,
                rssKib: resources.timesMs.map((atMs) =>
                  Math.round(1_024 * (100 + (60 * atMs) / durationMs)),
                ),
              }
            : series,
        ),
      },
    };
    const { growthMib } = steadiness(growing);
    expect(growthMib).toBeGreaterThan(40);
    expect(growthMib).toBeLessThan(60);
  });

  it("does not take a worker that was not sampled for one that did not grow", ({ expect }) => {
    const [measurement] = remoteRun(syntheticRun([even])).measurements;
    if (measurement === undefined) throw new Error("the run has one measurement");
    const run = steadiness(measurement);
    expect(run.growthMib).toBeNaN();
    expect(judgeSteadiness([run]).isSizeKept).toBe(false);
  });

  it("is judged by the median of the runs", ({ expect }) => {
    const run = (pace: number, growthMib: number) => ({ pace, growthMib });
    const kept = judgeSteadiness([run(0.5, 500), run(PACE_MIN, GROWTH_MAX_MIB), run(1, 0)]);
    expect(kept).toMatchObject({ isPaceKept: true, isSizeKept: true, growthWorstMib: 500 });
    const lost = judgeSteadiness([run(0.8, 49), run(0.85, 60), run(1, 0)]);
    expect(lost).toMatchObject({ isPaceKept: false, isSizeKept: false });
  });
});
