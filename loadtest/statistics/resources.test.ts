import { describe, it } from "vitest";
import type { Resources } from "../run-file/schema.ts";
import { cpuByRole, cpuWithin, generatorUse, insideLoad, peakRssByRole } from "./resources.ts";

const resources: Resources = {
  intervalMs: 100,
  timesMs: [-100, 0, 100, 200, 300],
  processes: [
    { role: "generator", name: "k6", cpuMs: [0, 50, 60, 80, 70], rssKib: [1, 2, 9, 3, 99] },
    {
      role: "worker",
      name: "workerd",
      cpuMs: [0, 10, 90, 90, 0],
      rssKib: [100, 110, 120, 130, 90],
    },
    { role: "worker", name: "worker host", cpuMs: [0, 0, 5, 5, 0], rssKib: [10, 10, 20, 10, 10] },
  ],
  generator: {
    limits: { machineCpus: 2, allowedCpus: 2, limitedBy: null },
    stoppedSamples: 0,
    throttledMs: 0,
    allowedCpusBusy: null,
  },
};

describe("use of resources", () => {
  it("counts CPU within the load only, cutting the samples at its edges", ({ expect }) => {
    const { timesMs } = resources;
    expect(cpuWithin(timesMs, [0, 50, 60, 80, 70], { durationMs: 200 })).toBe(140);
    expect(cpuWithin(timesMs, [0, 50, 60, 80, 70], { durationMs: 150 })).toBe(100);
    expect(cpuWithin(timesMs, [0, 50, 60, 80, 70], { durationMs: 0 })).toBe(0);
  });

  it("adds the processes of a role", ({ expect }) => {
    expect(cpuByRole(resources, { durationMs: 200 }).get("worker")).toBe(190);
    expect(peakRssByRole(resources, { durationMs: 200 }).get("worker")).toBe(140);
  });

  it("judges the generator by what it may use", ({ expect }) => {
    const use = generatorUse(resources, { durationMs: 200 });
    expect(use).toEqual({ cpuMs: 140, share: 140 / 400 });
    expect(generatorUse({ ...resources, processes: [] }, { durationMs: 200 })).toBeNull();
  });

  it("takes the samples around a load that is shorter than their distance", ({ expect }) => {
    expect(insideLoad(resources, { durationMs: 30 }, [1, 2, 3, 4, 5])).toEqual([2, 3]);
    expect(insideLoad(resources, { durationMs: 1_000 }, [1, 2, 3, 4, 5])).toEqual([2, 3, 4, 5]);
  });
});
