/**
 * @module
 * One measurement: a load of exactly n requests, sampled, recorded, verified and judged.
 */
import type { ConsistencyLevel } from "../protocol/journey-meta.ts";
import { MARK_PAUSE_MS, type RequestRecord } from "../protocol/lines.ts";
import type { TierId } from "../protocol/tiers.ts";
import { toColumns } from "../run-file/requests.ts";
import type { Measurement, Resources } from "../run-file/schema.ts";
import type { KnownProcesses } from "../sampler/roles.ts";
import { SAMPLE_INTERVAL_MS, SAMPLE_INTERVAL_SHORT_MS, startSampler } from "../sampler/sampler.ts";
import { throwIfStopped } from "../stopping.ts";
import type { DiscoveredJourney } from "./discover.ts";
import { type GeneratorCounts, type Load, startGenerator } from "./generator.ts";
import { checkHistory } from "./history.ts";
import { followOutput, type Output } from "./output.ts";
import {
  countedBetween,
  readStoreCounters,
  type StoreCount,
  type StoreReading,
} from "./store-counters.ts";
import type { Target } from "./target.ts";
import { judge } from "./validity.ts";

/** Loads up to this many requests are sampled more often. */
const SHORT_LOAD_REQUESTS = 2_000;

/** After the last reply the service may still fill caches; within the pause of the mark it comes to rest. */
const REST_MS = MARK_PAUSE_MS / 2;

export interface MeasureOptions {
  readonly journey: DiscoveredJourney;
  readonly tier: TierId;
  readonly load: Load;
  readonly warmupRequests: number;
  readonly onProgress: (done: number, total: number) => void;
  /** Aborting kills k6 and throws `RunStoppedError`. */
  readonly signal: AbortSignal;
}

export interface Measured {
  readonly measurement: Measurement;
  /** What k6 and the journey said besides: descriptions of wrong answers, warnings. */
  readonly notes: readonly string[];
}

/** k6 could not carry out the load at all: nothing was measured. */
export class LoadFailedError extends Error {
  override readonly name = "LoadFailedError";
}

export async function measure(options: MeasureOptions): Promise<Measured> {
  const { journey, load, tier, warmupRequests } = options;
  const raw = await runLoad(options);
  const { output, counts, resources, stores } = raw;
  const firstMs = firstStart(output.records);
  const unjudged = {
    pattern: journey.meta.pattern,
    tier,
    requestsExpected: load.requests,
    vus: load.vus,
    warmupRequests,
    requests: toColumns(
      output.records.map(({ startMs, elapsedMs, durationUs, operation, status, error }) => ({
        endMs: startMs + elapsedMs - firstMs,
        durationUs,
        operation,
        status,
        error,
      })),
    ),
    cost: costByOperation(output.records),
    stores,
    findings: findingsOf(output, journey.meta.consistency),
    generator: counts,
    resources,
  };
  return { measurement: { ...unjudged, verdict: judge(unjudged) }, notes: output.notes };
}

interface RawLoad {
  readonly output: Output;
  readonly counts: GeneratorCounts | null;
  readonly resources: Resources;
  readonly stores: StoreCount[] | null;
}

async function runLoad({ load, onProgress, signal }: MeasureOptions): Promise<RawLoad> {
  throwIfStopped(signal);
  const { target } = load;
  const generator = startGenerator(load);
  signal.addEventListener("abort", generator.kill, { once: true });
  try {
    const interval =
      load.requests <= SHORT_LOAD_REQUESTS ? SAMPLE_INTERVAL_SHORT_MS : SAMPLE_INTERVAL_MS;
    const sampler = await startSampler(knownProcesses(target, generator.pid), interval);
    const readings = new Map<"load" | "over", Promise<StoreReading[] | null>>();
    const follower = followOutput(generator.outputPath, (mark) => {
      readings.set(mark, storeCounts(target, mark === "over" ? REST_MS : 0));
    });
    const progress = setInterval(
      () => onProgress(follower.output.records.length, load.requests),
      250,
    );
    const { counts, errors } = await generator.finished();
    clearInterval(progress);
    follower.finish();
    const { output } = follower;
    const resources = await sampler.stop(firstStart(output.records), lastEnd(output.records));
    throwIfStopped(signal);
    if (output.records.length === 0) {
      throw new LoadFailedError(`k6 sent no request. ${[...output.notes, errors].join("\n")}`);
    }
    onProgress(output.records.length, load.requests);
    const [before = null, after = null] = [await readings.get("load"), await readings.get("over")];
    return { output, counts, resources, stores: countedBetween(before, after) };
  } finally {
    signal.removeEventListener("abort", generator.kill);
    generator.kill();
    generator.discard();
  }
}

async function storeCounts(target: Target, afterMs: number): Promise<StoreReading[] | null> {
  const stack = target.stack();
  await new Promise((resolve) => setTimeout(resolve, afterMs));
  return stack === null ? null : readStoreCounters(stack);
}

function knownProcesses(
  target: Target,
  generatorPid: number,
): KnownProcesses & { readonly generatorPid: number } {
  const stack = target.stack();
  const known = { labPid: process.pid, generatorPid };
  if (stack === null) return { ...known, stack: null };
  const { main, nodes, shards } = stack.redis;
  const pairs = shards.flatMap(({ primary, replicas }) => [primary, ...replicas]);
  return {
    ...known,
    stack: {
      supervisorPid: stack.pid,
      workerPid: stack.worker.pid,
      redis: [main, ...nodes, ...pairs].map(({ id, pid }) => ({ id, pid })),
    },
  };
}

/** What the journey verified, and whether the whole history keeps the promised consistency. */
function findingsOf({ records, asides, findings }: Output, level: ConsistencyLevel) {
  const observed = records
    .filter((record) => record.error === null)
    .map(({ startMs, elapsedMs, history }) => ({ startMs, endMs: startMs + elapsedMs, history }));
  const areWritesComplete = observed.length === records.length;
  const kept = checkHistory([...asides, ...observed], level, areWritesComplete);
  return kept === null ? [...findings] : [...findings, kept];
}

function costByOperation(records: readonly RequestRecord[]): Measurement["cost"] {
  const sums = new Map<number, Measurement["cost"][number]>();
  for (const { operation, trips, storeRequests } of records) {
    if (trips < 0) continue;
    const sum = sums.get(operation) ?? { operation, replies: 0, trips: 0, requests: 0 };
    sums.set(operation, {
      operation,
      replies: sum.replies + 1,
      trips: sum.trips + trips,
      requests: sum.requests + storeRequests,
    });
  }
  return [...sums.values()].toSorted((a, b) => a.operation - b.operation);
}

/** Without spreading into `Math.min`: a load has more requests than a call may have arguments. */
const firstStart = (records: readonly RequestRecord[]): number =>
  records.reduce((first, record) => Math.min(first, record.startMs), Number.POSITIVE_INFINITY);

const lastEnd = (records: readonly RequestRecord[]): number =>
  records.reduce((last, record) => Math.max(last, record.startMs + record.elapsedMs), 0);
