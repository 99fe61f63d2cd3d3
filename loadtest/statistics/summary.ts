/**
 * @module
 * A measurement in numbers: everything that charts, tables, guide and console show is read from here, so
 * that they cannot disagree. Computed from the run file alone; the intervals are seeded, so the same file
 * gives the same bytes.
 */
import { randomStream } from "../protocol/random.ts";
import { fromColumns, type MeasuredRequest } from "../run-file/requests.ts";
import type { Measurement, Role } from "../run-file/schema.ts";
import { type Block, blocksOf, bootstrap, meanMs, throughput } from "./blocks.ts";
import { type Estimate, proportion } from "./interval.ts";
import { percentiles } from "./percentiles.ts";
import { cpuByRole, generatorUse, loadWindow, peakRssByRole } from "./resources.ts";

export interface Summary {
  readonly count: number;
  readonly errors: number;
  readonly errorRate: Estimate;
  /** Answers that were right, a second. */
  readonly throughput: Estimate;
  readonly meanMs: Estimate;
  readonly p50Ms: Estimate | null;
  readonly p95Ms: Estimate | null;
  readonly p99Ms: Estimate | null;
  readonly p999Ms: Estimate | null;
  readonly durationMs: number;
  /** CPUs in use during the load, by role; empty when nothing was sampled. */
  readonly cpus: ReadonlyMap<Role, number>;
  /** CPU microseconds of a request, by role. */
  readonly cpuUsPerRequest: ReadonlyMap<Role, number>;
  /** Highest resident memory during the load in MiB, by role. */
  readonly peakMib: ReadonlyMap<Role, number>;
  /** Part of its allowance that the generator used, 0 to 1. */
  readonly generatorShare: number | null;
  readonly blocks: readonly Block[];
  readonly requests: readonly MeasuredRequest[];
}

export function summarize(measurement: Measurement, seed: number): Summary {
  const requests = fromColumns(measurement.requests);
  const blocks = blocksOf(requests);
  const random = randomStream(seed);
  const errors = requests.filter((request) => request.error !== null).length;
  const rightPart = requests.length === 0 ? 0 : (requests.length - errors) / requests.length;
  const perSecond = bootstrap(blocks, throughput, random);
  const [p50Ms = null, p95Ms = null, p99Ms = null, p999Ms = null] = percentiles(
    blocks,
    [0.5, 0.95, 0.99, 0.999],
    random,
  );
  return {
    count: requests.length,
    errors,
    errorRate: proportion(errors, requests.length),
    throughput: scaled(perSecond, rightPart),
    meanMs: bootstrap(blocks, meanMs, random),
    p50Ms,
    p95Ms,
    p99Ms,
    p999Ms,
    ...usage(measurement, requests.length),
    blocks,
    requests,
  };
}

function usage({ requests, resources }: Measurement, count: number) {
  const window = loadWindow(requests);
  const cpu: ReadonlyMap<Role, number> =
    resources === null ? new Map() : cpuByRole(resources, window);
  const peaks: ReadonlyMap<Role, number> =
    resources === null ? new Map() : peakRssByRole(resources, window);
  return {
    durationMs: window.durationMs,
    cpus: mapValues(cpu, (ms) => ms / Math.max(1, window.durationMs)),
    cpuUsPerRequest: mapValues(cpu, (ms) => (ms * 1_000) / Math.max(1, count)),
    peakMib: mapValues(peaks, (kib) => kib / 1_024),
    generatorShare: resources === null ? null : (generatorUse(resources, window)?.share ?? null),
  };
}

const scaled = ({ value, low, high }: Estimate, factor: number): Estimate => ({
  value: value * factor,
  low: low * factor,
  high: high * factor,
});

const mapValues = <Key>(
  map: ReadonlyMap<Key, number>,
  change: (value: number) => number,
): ReadonlyMap<Key, number> => new Map([...map].map(([key, value]) => [key, change(value)]));
