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
import type { BenchWorkers } from "./bench-workers.ts";
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
  readonly sides: BenchWorkers;
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
  const { sides, stack, pairs, seconds, say, runId } = context;
  const call = caller(stack, sides);
  await row.prepare?.(call, runId);
  const obtained = (await row.obtain?.(call, runId)) ?? [];
  const pattern = sides.workers.map((host) =>
    side(found, context, { host, isJudged: true, obtained }),
  );
  const floor = sides.floors.map((host) =>
    side(found, context, { host, isJudged: false, obtained }),
  );
  for (const each of [...pattern, ...floor]) await each.run(WARMUP_SECONDS);
  const tripsCounted = await countTrips(stack, () => turnOf(pattern, 0).run(WARMUP_SECONDS));
  for (const each of [...pattern, ...floor]) each.forget();
  const measured: Pair[] = [];
  for (let place = 0; place < pairs; place += 1) {
    const [mine, bare] = [turnOf(pattern, place), turnOf(floor, opponentOf(place, floor.length))];
    const [first, second] = isPatternFirst(place) ? [mine, bare] : [bare, mine];
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
    pattern: throughput(pattern),
    floor: throughput(floor),
    tripsPinned: row.trips,
    tripsCounted,
    patternCpuUs: cpuUs(pattern),
    floorCpuUs: cpuUs(floor),
    generatorShare: Math.max(...[...pattern, ...floor].map((each) => each.generatorShare())),
    fault: firstFault([...pattern, ...floor]) ?? tripsFault(row.trips, tripsCounted),
  };
}

/** Pair by pair the processes of a side take turns. */
export function turnOf<Each>(all: readonly Each[], place: number): Each {
  const each = all[place % all.length];
  if (each === undefined) throw new RangeError("a side has no process");
  return each;
}

/** So that in the course of the pairs each process of one side meets each of the other. */
export function opponentOf(place: number, processes: number): number {
  return place + Math.floor(place / processes);
}

type Side = ReturnType<typeof side>;

function sum(sides: readonly Side[], value: (side: Side) => number): number {
  return sides.reduce((total, each) => total + value(each), 0);
}

function throughput(sides: readonly Side[]): number {
  return (sum(sides, (each) => each.answered()) / sum(sides, (each) => each.durationMs())) * 1_000;
}

function cpuUs(sides: readonly Side[]): number {
  return (sum(sides, (each) => each.cpuMs()) * 1_000) / sum(sides, (each) => each.answered());
}

function firstFault(sides: readonly Side[]): string | null {
  return sides.map((each) => each.fault()).find((fault) => fault !== null) ?? null;
}

/** A row that goes to its stores more often than it says has no floor to be measured against. */
export function tripsFault(pinned: number, counted: number | null): string | null {
  return counted !== null && counted > pinned + TRIPS_BEYOND_MAX
    ? `${counted.toFixed(3)} store requests for each request, where ${pinned} are pinned`
    : null;
}

interface SideOptions {
  readonly host: HostedWorker;
  readonly isJudged: boolean;
  readonly obtained: readonly string[];
}

interface Rate {
  readonly answered: number;
  readonly perSecond: number;
}

/** One process under load, and what its loads came to. */
function side(
  { path }: DiscoveredRow,
  context: BenchContext,
  { host: { url: origin, workerPid: pid }, isJudged, obtained }: SideOptions,
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
    answered: () => total((one) => one.answered),
    durationMs: () => total((one) => one.durationMs),
    cpuMs: () => total((one) => one.workerCpuMs),
    generatorShare: () => Math.max(0, ...results.map((one) => one.cpuMs / one.durationMs)),
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

/** To one of the Workers under load: they share secrets that the stack's own Worker does not know. */
export const caller =
  ({ key }: StackFile, { workers }: BenchWorkers): BenchCaller =>
  async ({ method, path, headers, body }) => {
    const { url } = turnOf(workers, 0);
    const response = await fetch(url + path, {
      method,
      headers: { ...headers, ...callerHeaders(headers, { url, key }) },
      ...(body === undefined ? {} : { body }),
    });
    const cookie = response.headers.getSetCookie()[0]?.split(";")[0];
    const reply = { status: response.status, text: await response.text() };
    return cookie === undefined ? reply : { ...reply, cookie };
  };

/** With a cookie a call comes as from a browser, else as from a backend. */
function callerHeaders(
  headers: Readonly<Record<string, string>> | undefined,
  { url, key }: Pick<StackFile, "url" | "key">,
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
