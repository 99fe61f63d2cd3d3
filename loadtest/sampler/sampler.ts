/**
 * @module
 * CPU and memory of every process of a measurement, at a fixed rate, while k6 runs.
 *
 * 1. A sample takes the same instant for all processes (they are read one after another, within a
 *    millisecond or two) and keeps when it was really taken, so that late timers do no harm.
 * 2. New processes are looked for once a second: a store restarted during the load is sampled too.
 * 3. Samples are bounded by `SAMPLES_MAX`; a longer run keeps the first ones and says so by ending early,
 *    which the validity rules catch.
 */
import { performance } from "node:perf_hooks";
import type { GeneratorLimits, Resources } from "../run-file/schema.ts";
import {
  allowedCpuList,
  busyPart,
  type CpuTicks,
  cpuTicks,
  generatorLimits,
  type ThrottleReading,
  throttledMs,
  throttleReading,
} from "./limits.ts";
import { type ProcessInfo, type ProcessReader, processReader } from "./processes.ts";
import { type KnownProcesses, type NamedProcess, nameProcesses } from "./roles.ts";

export const SAMPLE_INTERVAL_MS = 250;
/** A thousand requests take a third of a second: they are sampled more often. */
export const SAMPLE_INTERVAL_SHORT_MS = 100;
const DISCOVERY_INTERVAL_MS = 1_000;
const SAMPLES_MAX = 8_000;

interface Series extends NamedProcess {
  readonly cpuMs: number[];
  readonly rssKib: number[];
  lastCpuMs: number | null;
}

interface HeldReading {
  readonly atMs: number;
  readonly throttle: ThrottleReading;
  readonly ticks: CpuTicks | null;
  readonly isStopped: boolean;
}

function heldReading(atMs: number, generators: readonly ProcessInfo[]): HeldReading {
  const pids = generators.map((info) => info.pid);
  const lists = pids.flatMap((pid) => allowedCpuList(pid) ?? []);
  return {
    atMs,
    throttle: new Map(pids.flatMap((pid) => [...throttleReading(pid)])),
    ticks: cpuTicks(lists.length === 0 ? null : lists),
    isStopped: generators.some((info) => info.isStopped),
  };
}

const tighter = (a: GeneratorLimits, b: GeneratorLimits): GeneratorLimits =>
  b.allowedCpus < a.allowedCpus ? b : a;

export interface Sampler {
  /** Takes the last sample. `firstRequestMs` and `lastEndMs` (1970) place the load among the samples. */
  stop(firstRequestMs: number, lastEndMs: number): Promise<Resources>;
}

export async function startSampler(
  known: KnownProcesses & { readonly generatorPid: number },
  intervalMs: number,
  reader: ProcessReader = processReader(),
): Promise<Sampler> {
  const recorder = recording(known, reader);
  await recorder.sample();
  let isRunning = true;
  let wake: (() => void) | null = null;
  const loop = (async () => {
    let dueMs = performance.now() + intervalMs;
    while (isRunning) {
      await new Promise<void>((resolve) => {
        wake = resolve;
        setTimeout(resolve, Math.max(0, dueMs - performance.now()));
      });
      await recorder.sample();
      dueMs = Math.max(dueMs + intervalMs, performance.now());
    }
  })();
  return {
    async stop(firstRequestMs, lastEndMs) {
      isRunning = false;
      wake?.();
      await loop;
      return recorder.resources(intervalMs, firstRequestMs, lastEndMs);
    },
  };
}

function recording(
  known: KnownProcesses & { readonly generatorPid: number },
  reader: ProcessReader,
) {
  const series = new Map<number, Series>();
  const timesMs: number[] = [];
  const held: HeldReading[] = [];
  let limits = generatorLimits(known.generatorPid);
  let discoveredMs = Number.NEGATIVE_INFINITY;

  const discover = async () => {
    for (const named of nameProcesses(await reader.all(), known)) {
      if (series.has(named.pid)) continue;
      const blanks = timesMs.map(() => 0);
      series.set(named.pid, { ...named, cpuMs: [...blanks], rssKib: [...blanks], lastCpuMs: null });
      // k6 may run below a wrapper that has other limits: the tightest counts.
      if (named.role === "generator") limits = tighter(limits, generatorLimits(named.pid));
    }
    discoveredMs = performance.now();
  };

  return {
    async sample() {
      if (timesMs.length >= SAMPLES_MAX) return;
      if (performance.now() - discoveredMs >= DISCOVERY_INTERVAL_MS) await discover();
      const usage = new Map((await reader.some(series.keys())).map((info) => [info.pid, info]));
      const atMs = Date.now();
      timesMs.push(atMs);
      const generators: ProcessInfo[] = [];
      for (const one of series.values()) {
        const info = usage.get(one.pid);
        const usedMs = info === undefined ? 0 : info.cpuMs - (one.lastCpuMs ?? info.cpuMs);
        one.cpuMs.push(Math.max(0, usedMs));
        one.rssKib.push(info?.rssKib ?? 0);
        one.lastCpuMs = info?.cpuMs ?? one.lastCpuMs;
        if (info !== undefined && one.role === "generator") generators.push(info);
      }
      held.push(heldReading(atMs, generators));
    },

    resources(intervalMs: number, firstRequestMs: number, lastEndMs: number): Resources {
      const inside = held.filter(({ atMs }) => atMs >= firstRequestMs && atMs <= lastEndMs);
      const first = inside[0];
      const last = inside.at(-1);
      return {
        intervalMs,
        timesMs: timesMs.map((atMs) => atMs - firstRequestMs),
        processes: [...series.values()].map(({ role, name, cpuMs, rssKib }) => ({
          role,
          name,
          cpuMs,
          rssKib,
        })),
        generator: {
          limits,
          stoppedSamples: inside.filter((reading) => reading.isStopped).length,
          throttledMs: throttledMs(inside.map((reading) => reading.throttle)),
          allowedCpusBusy: first && last ? busyPart(first.ticks, last.ticks) : null,
        },
      };
    },
  };
}
