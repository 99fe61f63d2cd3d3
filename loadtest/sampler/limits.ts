/**
 * @module
 * How much CPU a process may use, and whether the system held it back. Linux tells; elsewhere only the
 * number of CPUs and GOMAXPROCS are known.
 */
import { cpus } from "node:os";
import type { GeneratorLimits } from "../run-file/schema.ts";
import { readText } from "./processes.ts";

/** The least of CPU affinity, cgroup quotas and GOMAXPROCS. */
export function generatorLimits(pid: number): GeneratorLimits {
  const machineCpus = cpus().length;
  const goMaxProcs = Number(/(?:^|\0)GOMAXPROCS=(\d+)/.exec(environment(pid))?.[1] ?? 0);
  const candidates = [
    { cpus: allowedCpuList(pid)?.length ?? machineCpus, by: "CPU affinity" },
    { cpus: quotaCpus(pid) ?? machineCpus, by: "a cgroup quota" },
    { cpus: goMaxProcs > 0 ? goMaxProcs : machineCpus, by: "GOMAXPROCS" },
  ];
  const least = candidates.reduce((a, b) => (b.cpus < a.cpus ? b : a));
  const isLimited = least.cpus < machineCpus;
  return {
    machineCpus,
    allowedCpus: Math.min(least.cpus, machineCpus),
    limitedBy: isLimited ? least.by : null,
  };
}

/** The variables the process was started with; ours where those are not told. */
function environment(pid: number): string {
  return readText(`/proc/${pid}/environ`) ?? `GOMAXPROCS=${process.env["GOMAXPROCS"] ?? ""}`;
}

/** Numbers of the CPUs that the process may run on, or `null` where that is not told. */
export function allowedCpuList(pid: number): number[] | null {
  const list = /^Cpus_allowed_list:\s*(\S+)$/m.exec(readText(`/proc/${pid}/status`) ?? "")?.[1];
  return list === undefined ? null : parseCpuList(list);
}

/** `0-3,8` */
export function parseCpuList(list: string): number[] {
  return list.split(",").flatMap((part) => {
    const [from, to = from] = part.split("-").map(Number);
    if (from === undefined || to === undefined) return [];
    return Array.from({ length: to - from + 1 }, (_, place) => from + place);
  });
}

/** Folders of the cgroup that limits CPU and of all its parents, innermost first (v2 and v1). */
function cpuCgroups(pid: number): string[] {
  const lines = (readText(`/proc/${pid}/cgroup`) ?? "").trim().split("\n");
  const folders: string[] = [];
  for (const line of lines) {
    const [, controllers = "", path = "/"] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
    const isCpu = controllers.split(",").includes("cpu");
    const root = controllers === "" ? "/sys/fs/cgroup" : isCpu ? "/sys/fs/cgroup/cpu" : null;
    if (root === null) continue;
    const parts = path.split("/").filter((part) => part !== "");
    for (let depth = parts.length; depth >= 0; depth -= 1) {
      folders.push([root, ...parts.slice(0, depth)].join("/"));
    }
  }
  return folders;
}

function quotaCpus(pid: number): number | null {
  const quotas = cpuCgroups(pid).flatMap((folder) => quotaOf(folder) ?? []);
  return quotas.length === 0 ? null : Math.min(...quotas);
}

/** `cpu.max` is `quota period` or `max period` (v2); the two files of v1 say -1 for no quota. */
function quotaOf(folder: string): number | null {
  const v1 = () =>
    `${readText(`${folder}/cpu.cfs_quota_us`)} ${readText(`${folder}/cpu.cfs_period_us`)}`;
  const [quota = Number.NaN, period = Number.NaN] = (readText(`${folder}/cpu.max`) ?? v1())
    .split(/\s+/)
    .map(Number);
  return quota > 0 && period > 0 ? quota / period : null;
}

/** Milliseconds for which its quota has held back each of a process's cgroups since that was made, by folder. */
export type ThrottleReading = ReadonlyMap<string, number>;

export function throttleReading(pid: number): ThrottleReading {
  return new Map(
    cpuCgroups(pid).map((folder) => {
      const stat = readText(`${folder}/cpu.stat`) ?? "";
      const us = /^throttled_usec (\d+)$/m.exec(stat)?.[1];
      const ns = /^throttled_time (\d+)$/m.exec(stat)?.[1];
      return [folder, us === undefined ? Number(ns ?? 0) / 1e6 : Number(us) / 1e3];
    }),
  );
}

/**
 * Milliseconds for which the most throttled cgroup was held back within the readings. Each has a history of its
 * own, so each is compared with itself: a parent that was throttled for hours before must not hide a child.
 */
export function throttledMs(readings: readonly ThrottleReading[]): number {
  const firsts = new Map<string, number>();
  let most = 0;
  for (const reading of readings) {
    for (const [folder, ms] of reading) {
      const first = firsts.get(folder) ?? ms;
      firsts.set(folder, first);
      most = Math.max(most, ms - first);
    }
  }
  return most;
}

export interface CpuTicks {
  readonly busy: number;
  readonly total: number;
}

/** Sums of `/proc/stat` over the given CPUs (all of them for `null`), or `null` where there is none. */
export function cpuTicks(list: readonly number[] | null): CpuTicks | null {
  const stat = readText("/proc/stat");
  if (stat === null) return null;
  let busy = 0;
  let total = 0;
  for (const [, cpu, fields = ""] of stat.matchAll(/^cpu(\d+) (.*)$/gm)) {
    if (list !== null && !list.includes(Number(cpu))) continue;
    const ticks = fields.split(" ").map(Number);
    const [user = 0, nice = 0, system = 0, idle = 0, wait = 0, irq = 0, soft = 0, steal = 0] =
      ticks;
    const working = user + nice + system + irq + soft + steal;
    busy += working;
    total += working + idle + wait;
  }
  return { busy, total };
}

/** Busy part between two readings, 0 to 1. */
export function busyPart(before: CpuTicks | null, after: CpuTicks | null): number | null {
  if (before === null || after === null || after.total <= before.total) return null;
  return (after.busy - before.busy) / (after.total - before.total);
}
