/**
 * @module
 * What the processes used during the load: samples are cumulative sums at known times, cut to the load
 * by linear interpolation, so that setup and verification are left out.
 */
import type { Requests, Resources, Role } from "../run-file/schema.ts";

/** The load: from the first request's start (0) to the last one's end. */
export interface Window {
  readonly durationMs: number;
}

export const loadWindow = (requests: Requests): Window => ({
  durationMs: requests.endStepMs.reduce((sum, step) => sum + step, 0),
});

/** CPU milliseconds a process used within the load. */
export function cpuWithin(
  timesMs: readonly number[],
  cpuMs: readonly number[],
  { durationMs }: Window,
): number {
  let used = 0;
  for (let place = 1; place < timesMs.length; place += 1) {
    const fromMs = timesMs[place - 1] ?? 0;
    const toMs = timesMs[place] ?? 0;
    const insideMs = Math.min(toMs, durationMs) - Math.max(fromMs, 0);
    if (insideMs > 0 && toMs > fromMs) used += (cpuMs[place] ?? 0) * (insideMs / (toMs - fromMs));
  }
  return used;
}

/** CPU milliseconds of each role within the load. */
export function cpuByRole(resources: Resources, window: Window): Map<Role, number> {
  const used = new Map<Role, number>();
  for (const { role, cpuMs } of resources.processes) {
    used.set(role, (used.get(role) ?? 0) + cpuWithin(resources.timesMs, cpuMs, window));
  }
  return used;
}

/** Resident KiB of a role, summed over its processes, at each sample. */
export function rssSeries(resources: Resources, role: Role): number[] {
  const sums = resources.timesMs.map(() => 0);
  for (const series of resources.processes) {
    if (series.role !== role) continue;
    for (const [place, kib] of series.rssKib.entries()) sums[place] = (sums[place] ?? 0) + kib;
  }
  return sums;
}

/** Highest resident memory of each role in the samples of the load, in KiB. */
export function peakRssByRole(resources: Resources, window: Window): Map<Role, number> {
  const peaks = new Map<Role, number>();
  for (const role of new Set(resources.processes.map((series) => series.role))) {
    const inside = insideLoad(resources, window, rssSeries(resources, role));
    peaks.set(role, Math.max(0, ...inside));
  }
  return peaks;
}

/** The samples within the load, with the one before and the one after it: never empty. */
export function insideLoad(
  { timesMs }: Resources,
  { durationMs }: Window,
  series: readonly number[],
): number[] {
  const first = Math.max(
    0,
    timesMs.findLastIndex((timeMs) => timeMs <= 0),
  );
  const after = timesMs.findIndex((timeMs) => timeMs >= durationMs);
  return series.slice(first, (after === -1 ? timesMs.length - 1 : after) + 1);
}

export interface GeneratorUse {
  readonly cpuMs: number;
  /** Part of the CPU time it was allowed, 0 to 1. */
  readonly share: number;
}

/** `null` when no generator was sampled. */
export function generatorUse(resources: Resources, window: Window): GeneratorUse | null {
  const cpuMs = cpuByRole(resources, window).get("generator");
  if (cpuMs === undefined) return null;
  const allowedMs = window.durationMs * resources.generator.limits.allowedCpus;
  return { cpuMs, share: allowedMs === 0 ? 0 : cpuMs / allowedMs };
}
