/**
 * @module
 * Runs made of numbers drawn from a seed, for tests of everything that is computed from a run. Never a
 * result of anything.
 */
import { PATTERNS, type PatternId } from "../../shared/patterns.ts";
import { randomStream } from "../protocol/random.ts";
import { TIERS, type TierId } from "../protocol/tiers.ts";
import { type MeasuredRequest, toColumns } from "../run-file/requests.ts";
import type { Measurement, Resources, Role, Run } from "../run-file/schema.ts";
import { RUN_FORMAT, RUN_VERSION } from "../run-file/schema.ts";
import { judgeRun } from "../runner/validity.ts";

export interface SyntheticLoad {
  readonly pattern: PatternId;
  readonly tier: TierId;
  readonly requests: number;
  readonly meanMs: number;
  readonly seed?: number;
}

const VUS = 16;
const SAMPLES = 12;
const OWN_ROLES: readonly Role[] = ["generator", "lab"];

/** One measurement whose response times are exponential around `meanMs`, all answers right. */
export function syntheticMeasurement(load: SyntheticLoad): Measurement {
  const { pattern, tier, requests: count, meanMs } = load;
  const random = randomStream(load.seed ?? 1);
  const requests: MeasuredRequest[] = [];
  const freeAtMs = new Array<number>(VUS).fill(0);
  for (let index = 0; index < count; index += 1) {
    const caller = freeAtMs.indexOf(Math.min(...freeAtMs));
    const durationMs = meanMs * (0.4 - 0.6 * Math.log(1 - random()));
    freeAtMs[caller] = (freeAtMs[caller] ?? 0) + durationMs;
    requests.push({
      endMs: Math.round(freeAtMs[caller] ?? 0),
      durationUs: Math.round(durationMs * 1_000),
      operation: index % 2,
      status: 200,
      error: null,
    });
  }
  const durationMs = Math.max(...freeAtMs);
  return {
    pattern,
    tier,
    requestsExpected: count,
    vus: VUS,
    warmupRequests: 0,
    requests: toColumns(requests),
    cost: [
      { operation: 0, replies: count / 2, trips: count / 2, requests: count / 2 },
      { operation: 1, replies: count / 2, trips: count, requests: count },
    ],
    stores: [
      { id: "main", requests: count, commands: count * 4 },
      { id: "postgres", requests: 10, commands: 12 },
    ],
    findings: [{ name: "everything is as it must be", checked: 1_000, violations: [] }],
    generator: { requests: count, dropped: 0, checksPassed: count, checksFailed: 0 },
    resources: syntheticResources(durationMs, random),
    verdict: { valid: true, reasons: [] },
  };
}

function syntheticResources(durationMs: number, random: () => number): Resources {
  const stepMs = durationMs / (SAMPLES - 3);
  const timesMs = Array.from({ length: SAMPLES }, (_, place) => (place - 1) * stepMs);
  const series = (role: Role, name: string, cpus: number, mib: number) => ({
    role,
    name,
    cpuMs: timesMs.map(() => Math.round(stepMs * cpus * (0.9 + 0.2 * random()))),
    rssKib: timesMs.map((_, place) => Math.round(mib * 1_024 * (1 + place / 100))),
  });
  return {
    intervalMs: 250,
    timesMs,
    processes: [
      series("worker", "workerd", 0.7, 180),
      series("gateway", "redis-http", 0.3, 90),
      series("redis", "redis main", 0.1, 12),
      series("postgres", "neon-http", 0.1, 240),
      series("generator", "k6", 0.5, 80),
      series("lab", "lab", 0.05, 90),
    ],
    generator: {
      limits: { machineCpus: 2, allowedCpus: 2, limitedBy: null },
      stoppedSamples: 0,
      throttledMs: 0,
      allowedCpusBusy: 0.9,
    },
  };
}

/** A run of the given measurements, judged as the lab would. */
export function syntheticRun(measurements: readonly Measurement[]): Run {
  const ids = new Set(measurements.map((one) => one.pattern));
  return {
    format: RUN_FORMAT,
    version: RUN_VERSION,
    id: "20260101-000000-test",
    startedAt: "2026-01-01T00:00:00.000Z",
    seed: 1,
    target: { kind: "local", name: "local stack" },
    fingerprint: {
      commit: "0123456789abcdef0123456789abcdef01234567",
      dirty: false,
      lockfileSha256: "ab".repeat(32),
      versions: { node: "24.0.0", k6: "1.8.1" },
      os: "Linux",
      kernel: "6.0",
      cpuModel: "Test CPU",
      cpus: 2,
      memoryMib: 8_192,
      calibrationMs: 20,
      busyBefore: 0.01,
    },
    patterns: PATTERNS.filter((pattern) => ids.has(pattern.id)).map(({ id, title, promise }) => ({
      id,
      title,
      promise,
      workload: "half of this, half of that",
      verifies: "everything",
      consistency: "fresh" as const,
      operations: [
        { id: "read", label: "Read", kind: "read" as const, share: 0.5 },
        { id: "write", label: "Write", kind: "write" as const, share: 0.5 },
      ],
    })),
    measurements: [...measurements],
    verdict: judgeRun(measurements),
  };
}

/** The same run as it comes from a deployment: only the generator and the lab were sampled, no store was counted. */
export function remoteRun(run: Run): Run {
  return {
    ...run,
    target: { kind: "remote", name: "kv.example.com" },
    measurements: run.measurements.map((one) => ({
      ...one,
      stores: null,
      resources: one.resources && {
        ...one.resources,
        processes: one.resources.processes.filter(({ role }) => OWN_ROLES.includes(role)),
      },
    })),
  };
}

/** All ten patterns at all three loads. */
export function fullSyntheticRun(): Run {
  return syntheticRun(
    PATTERNS.flatMap((pattern, place) =>
      TIERS.map((tier, tierPlace) =>
        syntheticMeasurement({
          pattern: pattern.id,
          tier: tier.id,
          requests: tier.requests,
          meanMs: 3 + place * 0.6 + tierPlace * 0.5,
          seed: place * 10 + tierPlace,
        }),
      ),
    ),
  );
}
