/**
 * @module
 * `run.json`: everything a run measured. The report, the selection guide and comparisons are computed
 * from this file and nothing else.
 *
 * Invariants:
 *
 * 1. It holds no absolute path, no key, no token and no stored value.
 * 2. Requests are kept one by one, as columns (see `requests`), so that any statistic can be computed later.
 * 3. A change of meaning raises `version`; a reader refuses a version that it does not know.
 */
import * as z from "zod";
import { PATTERNS } from "../../shared/patterns.ts";
import { CONSISTENCY_LEVELS } from "../protocol/journey-meta.ts";
import { TIER_IDS } from "../protocol/tiers.ts";

export const RUN_FORMAT = "edge-kv-patterns/run";
export const RUN_VERSION = 1;

const patternId = z.enum(PATTERNS.map((pattern) => pattern.id));
const count = z.int().nonnegative();

const operation = z.strictObject({
  id: z.string(),
  label: z.string(),
  kind: z.enum(["read", "write"]),
  share: z.number().min(0).max(1),
});

const pattern = z.strictObject({
  id: patternId,
  title: z.string(),
  promise: z.string(),
  workload: z.string(),
  verifies: z.string(),
  consistency: z.enum(CONSISTENCY_LEVELS),
  operations: z.array(operation).min(1),
});

/** All columns have one entry a request, in the order in which the requests ended. */
const requests = z.strictObject({
  /** Milliseconds from the first request's start to this one's end, as the difference to the one before. */
  endStepMs: z.array(count),
  /** Sending + waiting + receiving, in microseconds. */
  durationUs: z.array(count),
  /** Place in `outcomes`. */
  outcome: z.array(count),
  outcomes: z.array(
    z.strictObject({
      /** Place in the pattern's operations. */
      operation: count,
      status: count,
      /** `null` if the answer was right, else a stable code. */
      error: z.string().nullable(),
    }),
  ),
});

const SERVICE_ROLES = ["worker", "gateway", "redis", "postgres"] as const;
/** `generator` is k6; `lab` this runner; `supervisor` what starts and watches the stack. */
export const ROLES = [...SERVICE_ROLES, "generator", "lab", "supervisor"] as const;
export type Role = (typeof ROLES)[number];

const processSeries = z.strictObject({
  role: z.enum(ROLES),
  name: z.string(),
  /** CPU time used since the sample before, in milliseconds, one entry a sample. */
  cpuMs: z.array(z.number().nonnegative()),
  /** Resident memory, in KiB, one entry a sample; 0 while the process does not exist. */
  rssKib: z.array(count),
});

const generatorLimits = z.strictObject({
  /** CPUs of the machine. */
  machineCpus: z.number().positive(),
  /** CPUs that k6 may use at once: the least of its affinity, its cgroup's quota and GOMAXPROCS. */
  allowedCpus: z.number().positive(),
  /** What sets `allowedCpus` when it is less than the machine has. */
  limitedBy: z.string().nullable(),
});

const resources = z.strictObject({
  intervalMs: z.number().positive(),
  /** Milliseconds from the first request's start; the first samples are before it, the last after the load. */
  timesMs: z.array(z.number()),
  processes: z.array(processSeries),
  generator: z.strictObject({
    limits: generatorLimits,
    /** Samples in which k6 was stopped by a signal. */
    stoppedSamples: count,
    /** Time during the load in which the kernel refused k6 its CPU because of a cgroup quota. */
    throttledMs: z.number().nonnegative(),
    /** Busy part of the CPUs that k6 may use, 0 to 1, during the load. */
    allowedCpusBusy: z.number().min(0).max(1).nullable(),
  }),
});

const verdict = z.strictObject({
  valid: z.boolean(),
  /** One sentence for each rule that was broken. */
  reasons: z.array(z.string()),
});

const finding = z.strictObject({
  name: z.string(),
  checked: count,
  violations: z.array(z.string()).readonly(),
});

const measurement = z.strictObject({
  pattern: patternId,
  tier: z.enum(TIER_IDS),
  requestsExpected: count,
  vus: count,
  /** Requests sent and discarded before this measurement began. */
  warmupRequests: count,
  requests,
  /** The reply's own `Kv-Cost`, summed for each operation over the replies that had one. */
  cost: z.array(
    z.strictObject({ operation: count, replies: count, trips: count, requests: count }),
  ),
  /**
   * Counted by the stores and their endpoints from just before to just after the load; `null` for a remote
   * target, or where an endpoint restarted. `commands` is `null` where the store itself was not counted.
   */
  stores: z
    .array(z.strictObject({ id: z.string(), requests: count, commands: count.nullable() }))
    .nullable(),
  findings: z.array(finding).readonly(),
  /** k6's own counts, filtered to the load; `null` when it wrote none. */
  generator: z
    .strictObject({ requests: count, dropped: count, checksPassed: count, checksFailed: count })
    .nullable(),
  resources: resources.nullable(),
  verdict,
});

const fingerprint = z.strictObject({
  commit: z.string().nullable(),
  dirty: z.boolean(),
  lockfileSha256: z.string().nullable(),
  versions: z.record(z.string(), z.string()),
  os: z.string(),
  kernel: z.string(),
  cpuModel: z.string(),
  cpus: count,
  memoryMib: count,
  /** Time of a fixed loop on one CPU, the best of five: tells two machines (or two moods of one) apart. */
  calibrationMs: z.number().positive(),
  /** Busy part of the whole machine in the second before the run, 0 to 1. */
  busyBefore: z.number().min(0).max(1).nullable(),
});

export const runSchema = z.strictObject({
  format: z.literal(RUN_FORMAT),
  version: z.literal(RUN_VERSION),
  id: z.string().regex(/^[\w.-]+$/),
  startedAt: z.iso.datetime(),
  seed: z.int(),
  /** `local stack`, or host and port of anything else; `local` is this machine. */
  target: z.strictObject({ kind: z.enum(["local", "remote"]), name: z.string() }),
  fingerprint,
  patterns: z.array(pattern).min(1),
  measurements: z.array(measurement).min(1),
  verdict,
});

export type Run = z.infer<typeof runSchema>;
export type Measurement = z.infer<typeof measurement>;
export type MeasuredPattern = z.infer<typeof pattern>;
export type Requests = z.infer<typeof requests>;
export type Resources = z.infer<typeof resources>;
export type GeneratorLimits = z.infer<typeof generatorLimits>;
export type Verdict = z.infer<typeof verdict>;
export type Fingerprint = z.infer<typeof fingerprint>;
