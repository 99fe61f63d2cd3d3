import { describe, it } from "vitest";
import { toColumns } from "../run-file/requests.ts";
import type { Measurement, Resources } from "../run-file/schema.ts";
import { syntheticMeasurement } from "../testing/synthetic-run.ts";
import { judge, judgeRun } from "./validity.ts";

const REQUESTS = 1_000;

const good = syntheticMeasurement({
  pattern: "leaderboard",
  tier: "light",
  requests: REQUESTS,
  meanMs: 5,
});

const reasons = (change: Partial<Measurement>): readonly string[] =>
  judge({ ...good, ...change }).reasons;

function withResources(change: (resources: Resources) => Resources): Partial<Measurement> {
  if (good.resources === null) throw new Error("the synthetic measurement is sampled");
  return { resources: change(good.resources) };
}

const withGenerator = (change: Partial<Resources["generator"]>): Partial<Measurement> =>
  withResources((resources) => ({
    ...resources,
    generator: { ...resources.generator, ...change },
  }));

const scaledGenerator = (factor: number): Partial<Measurement> =>
  withResources((resources) => ({
    ...resources,
    processes: resources.processes.map((series) =>
      series.role === "generator"
        ? { ...series, cpuMs: series.cpuMs.map((cpuMs) => cpuMs * factor) }
        : series,
    ),
  }));

describe("validity of a measurement", () => {
  it("is given when every request was answered rightly and nothing held the generator back", ({
    expect,
  }) => {
    expect(judge(good)).toEqual({ valid: true, reasons: [] });
  });

  it("is lost with one wrong answer, which is named", ({ expect }) => {
    const requests = {
      ...good.requests,
      outcomes: [...good.requests.outcomes, { operation: 0, status: 200, error: "wrong_score" }],
    };
    const outcome = good.requests.outcome.map((place, index) =>
      index === 4 ? requests.outcomes.length - 1 : place,
    );
    expect(judge({ ...good, requests: { ...requests, outcome } })).toEqual({
      valid: false,
      reasons: ["1 answers were errors or wrong: wrong_score"],
    });
  });

  it("is lost when requests are missing, or k6 counted others", ({ expect }) => {
    const few = toColumns([
      { endMs: 5, durationUs: 4_000, operation: 0, status: 200, error: null },
    ]);
    expect(reasons({ requests: few })[0]).toBe("1 requests were recorded instead of 1000");
    expect(
      reasons({
        generator: { requests: 999, dropped: 0, checksPassed: REQUESTS, checksFailed: 0 },
      }),
    ).toEqual(["k6 counted 999 requests instead of 1000"]);
  });

  it("is lost with dropped iterations, failed checks, unchecked answers, or no summary at all", ({
    expect,
  }) => {
    const generator = { requests: REQUESTS, dropped: 0, checksPassed: REQUESTS, checksFailed: 0 };
    expect(reasons({ generator: { ...generator, dropped: 3 } })).toEqual([
      "k6 dropped 3 iterations",
    ]);
    expect(
      reasons({ generator: { ...generator, checksPassed: REQUESTS - 2, checksFailed: 2 } }),
    ).toEqual(["2 of k6's checks failed"]);
    expect(reasons({ generator: { ...generator, checksPassed: 10 } })).toEqual([
      "not every answer was checked",
    ]);
    expect(reasons({ generator: null })).toEqual(["k6 left no summary: it did not finish"]);
  });

  it("is lost with a violated invariant, and when nothing was verified", ({ expect }) => {
    const findings = [
      { name: "nothing is lost", checked: 9, violations: ["m-1 is missing", "m-2 is missing"] },
    ];
    expect(reasons({ findings })).toEqual(["violated: nothing is lost (m-1 is missing)"]);
    expect(reasons({ findings: [] })).toEqual(["the end state was not verified"]);
  });

  it("is lost when the generator used four fifths of what it may use", ({ expect }) => {
    expect(reasons(scaledGenerator(1.4))).toEqual([]);
    expect(reasons(scaledGenerator(3.4))[0]).toMatch(
      /^the generator was the bottleneck: k6 used 8\d % of the 2 CPUs/,
    );
  });

  it("is lost when the same use is held by a limit of the generator's own", ({ expect }) => {
    const limits = { machineCpus: 8, allowedCpus: 0.5, limitedBy: "a cgroup quota" };
    expect(reasons(withGenerator({ limits }))[0]).toMatch(
      /of the 0.5 CPUs it may use, held by a cgroup quota/,
    );
  });

  it("is lost when the generator was stopped, throttled, or pinned to busy CPUs", ({ expect }) => {
    expect(reasons(withGenerator({ stoppedSamples: 2 }))).toEqual([
      "the generator was held back: k6 was stopped in 2 samples",
    ]);
    expect(reasons(withGenerator({ throttledMs: 200 }))).toEqual([
      "the generator was held back: its cgroup throttled k6 for 200 ms",
    ]);
    const limits = { machineCpus: 8, allowedCpus: 1, limitedBy: "CPU affinity" };
    expect(reasons(withGenerator({ limits, allowedCpusBusy: 0.99 }))[0]).toMatch(
      /may use only 1 of 8 CPUs, held by CPU affinity, and they were 99 % busy/,
    );
    expect(reasons(withGenerator({ limits, allowedCpusBusy: 0.5 }))).toEqual([]);
  });

  it("is lost when the callers were not waiting for the service", ({ expect }) => {
    const durationUs = good.requests.durationUs.map((us) => Math.round(us / 4));
    expect(reasons({ requests: { ...good.requests, durationUs } })[0]).toMatch(
      /^the generator was the bottleneck: its 16 callers spent \d+ % of the time outside/,
    );
  });

  it("is lost with a gap in the samples, with samples that miss the load, and without samples", ({
    expect,
  }) => {
    expect(reasons({ resources: null })).toEqual(["CPU and memory were not sampled"]);
    const late = withResources((resources) => ({
      ...resources,
      timesMs: resources.timesMs.map((timeMs) => timeMs + 200),
    }));
    expect(reasons(late)).toContain("CPU and memory were not sampled over the whole load");
    const early = withResources((resources) => ({
      ...resources,
      timesMs: resources.timesMs.map((timeMs) => (timeMs < 0 ? timeMs : timeMs / 2)),
    }));
    expect(reasons(early)).toContain("CPU and memory were not sampled over the whole load");
    const gap = withResources((resources) => ({
      ...resources,
      timesMs: resources.timesMs.map((timeMs, place) => (place > 8 ? timeMs + 1_500 : timeMs)),
    }));
    expect(reasons(gap).join()).toMatch(/the sampler had a gap of \d{4} ms/);
    const nobody = withResources((resources) => ({ ...resources, processes: [] }));
    expect(reasons(nobody)).toEqual(["the generator was not among the sampled processes"]);
  });

  it("of a run needs that of all measurements, and names which one failed", ({ expect }) => {
    const bad = { ...good, verdict: { valid: false, reasons: ["k6 dropped 3 iterations"] } };
    expect(judgeRun([good, good])).toEqual({ valid: true, reasons: [] });
    expect(judgeRun([good, bad])).toEqual({
      valid: false,
      reasons: ["leaderboard, light: k6 dropped 3 iterations"],
    });
  });

  it("of a run is lost when loads of its plan are missing", ({ expect }) => {
    expect(judgeRun([good], "leaderboard, heavy: the run was stopped")).toEqual({
      valid: false,
      reasons: ["leaderboard, heavy: the run was stopped"],
    });
  });
});
