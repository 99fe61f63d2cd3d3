import { spawn } from "node:child_process";
import { once } from "node:events";
import { describe, it } from "vitest";
import { cpuByRole, peakRssByRole } from "../statistics/resources.ts";
import { busyPart, cpuTicks, generatorLimits, parseCpuList, throttledMs } from "./limits.ts";
import { type ProcessInfo, parsePsLine, parseStat, processReader } from "./processes.ts";
import { nameProcesses } from "./roles.ts";
import { startSampler } from "./sampler.ts";

const info = (pid: number, parentPid: number, command: string): ProcessInfo => ({
  pid,
  parentPid,
  command,
  cpuMs: 0,
  rssKib: 0,
  isStopped: false,
});

describe("reading processes", () => {
  it("reads a line of /proc, whatever the process is called", ({ expect }) => {
    const fields = [
      "S",
      "7",
      ...new Array<string>(9).fill("0"),
      "150",
      "50",
      ...new Array<string>(8).fill("0"),
      "1000",
      "0",
    ];
    const stat = `42 (we (ird) name) ${fields.join(" ")}`;
    expect(parseStat(stat, { ticksPerSecond: 100, pageKib: 4 })).toEqual({
      pid: 42,
      parentPid: 7,
      command: "we (ird) name",
      cpuMs: 2_000,
      rssKib: 4_000,
      isStopped: false,
    });
  });

  it("reads a line of ps, with days and with hundredths", ({ expect }) => {
    expect(parsePsLine("  501     1   2048 T+    1:02.50 /usr/bin/k6 run x")).toEqual({
      pid: 501,
      parentPid: 1,
      command: "/usr/bin/k6 run x",
      cpuMs: 62_500,
      rssKib: 2_048,
      isStopped: true,
    });
    expect(parsePsLine("1 0 10 Ss 1-02:00:01 init")?.cpuMs).toBe((26 * 3_600 + 1) * 1_000);
    expect(parsePsLine("garbage")).toBeNull();
  });

  it("finds this very process and its memory", async ({ expect }) => {
    const all = await processReader().all();
    const self = all.find((one) => one.pid === process.pid);
    expect(self?.parentPid).toBe(process.ppid);
    expect(self?.rssKib).toBeGreaterThan(10_000);
  });
});

describe("naming processes", () => {
  it("tells the parts of a stack apart, and leaves others out", ({ expect }) => {
    const processes = [
      info(1, 0, "init"),
      info(10, 1, "node local/start.ts"),
      info(11, 10, "redis-server 127.0.0.1:7400"),
      info(12, 10, "node local/supervisor/gateway.ts"),
      info(13, 10, "node local/neon-http/main.ts"),
      info(14, 10, "node local/supervisor/worker-host.ts"),
      info(15, 14, "workerd serve"),
      info(20, 1, "node loadtest/lab.ts"),
      info(21, 20, "k6 run"),
      info(30, 1, "redis-server 127.0.0.1:6379"),
    ];
    const named = nameProcesses(processes, {
      labPid: 20,
      generatorPid: 21,
      stack: { supervisorPid: 10, workerPid: 15, redis: [{ id: "main", pid: 11 }] },
    });
    expect(Object.fromEntries(named.map(({ pid, role }) => [pid, role]))).toEqual({
      10: "supervisor",
      11: "redis",
      12: "gateway",
      13: "postgres",
      14: "supervisor",
      15: "worker",
      20: "lab",
      21: "generator",
    });
    expect(named.find(({ pid }) => pid === 11)?.name).toBe("redis main");
  });
});

describe("limits", () => {
  it("reads lists of CPUs", ({ expect }) => {
    expect(parseCpuList("0-3,8")).toEqual([0, 1, 2, 3, 8]);
    expect(parseCpuList("5")).toEqual([5]);
  });

  it("gives this process at most the CPUs of the machine", ({ expect }) => {
    const { allowedCpus, machineCpus } = generatorLimits(process.pid);
    expect(allowedCpus).toBeGreaterThan(0);
    expect(allowedCpus).toBeLessThanOrEqual(machineCpus);
  });

  it("sees GOMAXPROCS in the environment a process was started with", async ({ expect }) => {
    const child = spawn("sleep", ["30"], { env: { ...process.env, GOMAXPROCS: "1" } });
    await once(child, "spawn");
    expect(generatorLimits(child.pid ?? 0).allowedCpus).toBeLessThanOrEqual(1);
    child.kill("SIGKILL");
  });

  it("finds a cgroup that was throttled below a parent with a long history", ({ expect }) => {
    const reading = (child: number, parent: number) =>
      new Map([
        ["/sys/fs/cgroup/a/b", child],
        ["/sys/fs/cgroup/a", parent],
      ]);
    expect(throttledMs([reading(0, 90_000), reading(700, 90_000)])).toBe(700);
    expect(throttledMs([reading(5, 90_000), reading(5, 90_040)])).toBe(40);
    expect(throttledMs([new Map(), reading(700, 90_000), reading(710, 90_000)])).toBe(10);
    expect(throttledMs([])).toBe(0);
  });

  it("computes how busy CPUs were between two readings", ({ expect }) => {
    expect(busyPart({ busy: 10, total: 100 }, { busy: 40, total: 200 })).toBe(0.3);
    expect(busyPart(null, { busy: 1, total: 2 })).toBeNull();
    if (process.platform === "linux") expect(cpuTicks(null)?.total).toBeGreaterThan(0);
  });
});

describe("the sampler", () => {
  it("measures the CPU time and memory of a busy process, and when it was stopped", async ({
    expect,
  }) => {
    const work =
      "process.stdout.write('x'); const end = Date.now() + 600; while (Date.now() < end); setTimeout(() => {}, 20000)";
    const child = spawn(process.execPath, ["-e", work], { stdio: ["ignore", "pipe", "ignore"] });
    const pid = child.pid ?? 0;
    await once(child.stdout, "data");
    const startMs = Date.now();
    const sampler = await startSampler({ labPid: process.pid, generatorPid: pid, stack: null }, 50);
    await new Promise((resolve) => setTimeout(resolve, 900));
    child.kill("SIGSTOP");
    await new Promise((resolve) => setTimeout(resolve, 200));
    const endMs = Date.now();
    const resources = await sampler.stop(startMs, endMs);
    child.kill("SIGKILL");
    const window = { durationMs: endMs - startMs };
    const cpuMs = cpuByRole(resources, window).get("generator") ?? 0;
    expect(cpuMs).toBeGreaterThan(100);
    expect(cpuMs).toBeLessThan(800);
    expect(peakRssByRole(resources, window).get("generator")).toBeGreaterThan(10_000);
    expect(resources.generator.stoppedSamples).toBeGreaterThan(0);
    const { timesMs } = resources;
    expect(timesMs.length).toBeGreaterThan(8);
    for (const { cpuMs: series, rssKib } of resources.processes) {
      expect(series).toHaveLength(timesMs.length);
      expect(rssKib).toHaveLength(timesMs.length);
    }
  });
});
