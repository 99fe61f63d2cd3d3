/**
 * @module
 * One row: the Worker and its floor under the same load in turns, on the same machine, at the same stores.
 */
import type { StackFile } from "../../local/stack-file.ts";
import type { HostedWorker } from "../../local/supervisor/hosted-worker.ts";
import { countedBetween, readStoreCounters } from "../runner/store-counters.ts";
import { processReader } from "../sampler/processes.ts";
import type { Estimate } from "../statistics/interval.ts";
import { throwIfStopped } from "../stopping.ts";
import type { DiscoveredRow } from "./discover-rows.ts";
import type { LoadClient } from "./load-client.ts";
import type { LoadResult } from "./load-process.ts";
import { isPatternFirst, type Judgement, judgeRatio, type Pair, pairedRatio } from "./ratio.ts";
import type { BenchCaller } from "./row.ts";

export const CONNECTIONS = 16;
const WARMUP_SECONDS = 3;
/** Part of one CPU from which on the generator, which has one thread, counts as the bottleneck. */
const GENERATOR_SHARE_MAX = 0.8;
/** Work that is done after replies may add so much to the trips of a request, and no more. */
const TRIPS_BEYOND_MAX = 0.05;

export interface BenchContext {
  readonly stack: StackFile;
  readonly floor: HostedWorker;
  readonly loads: LoadClient;
  readonly runId: string;
  readonly pairs: number;
  readonly seconds: number;
  readonly say: (line: string) => void;
  /** Aborting throws `RunStoppedError` before the next load. */
  readonly signal: AbortSignal;
}

export interface RowResult {
  readonly id: string;
  readonly title: string;
  readonly ratio: Estimate;
  readonly judgement: Judgement;
  /** Requests a second, over all pairs. */
  readonly pattern: number;
  readonly floor: number;
  readonly tripsPinned: number;
  /** Store requests of one operation as the stores' endpoints counted them; `null` if they do not say. */
  readonly tripsCounted: number | null;
  /** CPU microseconds of a request in workerd. */
  readonly patternCpuUs: number;
  readonly floorCpuUs: number;
  /** Highest part of one CPU that the generator used. */
  readonly generatorShare: number;
  /** Why the row means nothing, if so. */
  readonly fault: string | null;
}

export async function measureRow(found: DiscoveredRow, context: BenchContext): Promise<RowResult> {
  const { row } = found;
  const { stack, floor, pairs, seconds, say, runId } = context;
  await row.prepare?.(caller(stack), runId);
  const obtained = await obtainedFor(found, context);
  const sides = {
    pattern: side(found, context, {
      origin: stack.url,
      pid: stack.worker.pid,
      isJudged: true,
      obtained,
    }),
    floor: side(found, context, {
      origin: floor.url,
      pid: floor.workerPid,
      isJudged: false,
      obtained,
    }),
  };
  await sides.pattern.run(WARMUP_SECONDS);
  await sides.floor.run(WARMUP_SECONDS);
  const tripsCounted = await countTrips(stack, () => sides.pattern.run(WARMUP_SECONDS));
  sides.pattern.forget();
  sides.floor.forget();
  const measured: Pair[] = [];
  for (let place = 0; place < pairs; place += 1) {
    const first = isPatternFirst(place) ? sides.pattern : sides.floor;
    const second = isPatternFirst(place) ? sides.floor : sides.pattern;
    const [a, b] = [(await first.run(seconds)).perSecond, (await second.run(seconds)).perSecond];
    measured.push(isPatternFirst(place) ? { pattern: a, floor: b } : { pattern: b, floor: a });
    say(`  ${row.id}: pair ${place + 1} of ${pairs}, ${Math.round(a)} and ${Math.round(b)} req/s`);
  }
  const ratio = pairedRatio(measured);
  return {
    id: row.id,
    title: row.title,
    ratio,
    judgement: judgeRatio(ratio),
    pattern: sides.pattern.throughput(),
    floor: sides.floor.throughput(),
    tripsPinned: row.trips,
    tripsCounted,
    patternCpuUs: sides.pattern.cpuUs(),
    floorCpuUs: sides.floor.cpuUs(),
    generatorShare: Math.max(sides.pattern.generatorShare(), sides.floor.generatorShare()),
    fault: sides.pattern.fault() ?? sides.floor.fault() ?? tripsFault(row.trips, tripsCounted),
  };
}

/** A row that goes to its stores more often than it says has no floor to be measured against. */
export function tripsFault(pinned: number, counted: number | null): string | null {
  return counted !== null && counted > pinned + TRIPS_BEYOND_MAX
    ? `${counted.toFixed(3)} store requests for each request, where ${pinned} are pinned`
    : null;
}

/** What the requests of a row must carry. */
export async function obtainedFor(
  { row }: DiscoveredRow,
  { stack, runId }: BenchContext,
): Promise<readonly string[]> {
  return (await row.obtain?.(caller(stack), runId)) ?? [];
}

interface SideOptions {
  readonly origin: string;
  /** workerd of this side. */
  readonly pid: number;
  readonly isJudged: boolean;
  readonly obtained: readonly string[];
}

interface Rate {
  readonly answered: number;
  readonly perSecond: number;
}

/** One of the two under load, and what its loads came to. */
function side(
  { path }: DiscoveredRow,
  context: BenchContext,
  { origin, pid, isJudged, obtained }: SideOptions,
) {
  const { stack, loads, runId, signal } = context;
  const reader = processReader();
  const cpuMsOf = async () => (await reader.some([pid]))[0]?.cpuMs ?? 0;
  let results: (LoadResult & { readonly workerCpuMs: number })[] = [];
  const total = (value: (result: (typeof results)[number]) => number) =>
    results.reduce((sum, result) => sum + value(result), 0);
  return {
    /** Sends the load; gives what was answered. */
    async run(seconds: number): Promise<Rate> {
      throwIfStopped(signal);
      const before = await cpuMsOf();
      const order = { rowPath: path, origin, key: stack.key, runId, seconds, isJudged, obtained };
      const result = await loads.run({ ...order, connections: CONNECTIONS });
      results.push({ ...result, workerCpuMs: (await cpuMsOf()) - before });
      const { answered, durationMs } = result;
      return { answered, perSecond: (answered / durationMs) * 1_000 };
    },
    /** Drops the warm-up, unless something failed in it. */
    forget() {
      results = results.filter((result) => result.failed > 0);
    },
    throughput: () => (total((one) => one.answered) / total((one) => one.durationMs)) * 1_000,
    cpuUs: () => (total((one) => one.workerCpuMs) * 1_000) / total((one) => one.answered),
    generatorShare: () => Math.max(...results.map((one) => one.cpuMs / one.durationMs)),
    fault(): string | null {
      const failed = results.find((result) => result.failed > 0);
      if (failed)
        return `${failed.failed} of ${failed.answered} requests failed: ${failed.failure}`;
      const busiest = Math.max(...results.map((one) => one.cpuMs / one.durationMs));
      return busiest > GENERATOR_SHARE_MAX
        ? `the load generator was the bottleneck: ${Math.round(busiest * 100)} % of a CPU`
        : null;
    },
  };
}

const caller =
  (stack: StackFile): BenchCaller =>
  async ({ method, path, headers, body }) => {
    const response = await fetch(stack.url + path, {
      method,
      headers: { ...headers, ...callerHeaders(headers, stack) },
      ...(body === undefined ? {} : { body }),
    });
    const cookie = response.headers.getSetCookie()[0]?.split(";")[0];
    const reply = { status: response.status, text: await response.text() };
    return cookie === undefined ? reply : { ...reply, cookie };
  };

/** With a cookie a call comes as from a browser, else as from a backend. */
function callerHeaders(
  headers: Readonly<Record<string, string>> | undefined,
  { url, key }: StackFile,
): Readonly<Record<string, string>> {
  return headers?.["cookie"] ? { Origin: url } : { Authorization: `Bearer ${key}` };
}

/** Store requests of one answered request, from the stores' own counters. */
async function countTrips(stack: StackFile, load: () => Promise<Rate>): Promise<number | null> {
  const before = await readStoreCounters(stack);
  const { answered } = await load();
  const counted = countedBetween(before, await readStoreCounters(stack));
  if (counted === null) return null;
  return counted.reduce((sum, store) => sum + store.requests, 0) / answered;
}
