/**
 * @module
 * What an isolate has counted since it last delivered. Counting is arithmetic in memory: no store, no
 * promise and no timer on the path of a request.
 *
 * Invariants:
 *
 * 1. A count is handed out by exactly one `drain`.
 * 2. Names come from declarations and constants only, and are bounded all the same.
 */
import {
  addCounters,
  type Counters,
  OTHER,
  SUBJECTS_MAX,
  type Totals,
} from "../../../shared/metrics/totals.ts";

/** Upper bounds of the latency histogram in seconds; the rest is `+Inf`. */
export const LATENCY_BOUNDS_S = [
  0.0005, 0.001, 0.002, 0.003, 0.005, 0.0075, 0.01, 0.015, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5,
  10,
] as const;

/** The operation of a request that no endpoint took. */
export const UNMATCHED = "unmatched";

export interface CountedReply {
  readonly status: number;
  /** The problem's code, or null for a reply that is none. */
  readonly code: string | null;
  readonly durationMs: number;
  /** Sequential round trips to stores, and requests to them. */
  readonly trips: number;
  readonly requests: number;
}

export type BackgroundOutcome = "done" | "failed" | "not_configured";

export interface MetricsRegistry {
  countReply(operation: string, reply: CountedReply): void;
  /** Work after a reply or by the clock, and the store requests it made. */
  countBackground(operation: string, outcome: BackgroundOutcome, requests: number): void;
  /** An event of a pattern's own, such as a cache hit. */
  countEvent(subject: string, event: string, times?: number): void;
  /** Everything counted since the last call; null when that is nothing. */
  drain(): Totals | null;
}

interface Tally {
  readonly statuses: Map<number, number>;
  readonly codes: Map<string, number>;
  readonly buckets: number[];
  readonly others: Map<string, number>;
  durationMs: number;
  trips: number;
  requests: number;
}

export function metricsRegistry(): MetricsRegistry {
  let tallies = new Map<string, Tally>();

  const tallyOf = (subject: string): Tally => {
    const known = tallies.get(subject);
    if (known !== undefined) return known;
    const name = tallies.size < SUBJECTS_MAX ? subject : OTHER;
    const tally = tallies.get(name) ?? emptyTally();
    tallies.set(name, tally);
    return tally;
  };

  return {
    countReply(operation, { status, code, durationMs, trips, requests }) {
      const tally = tallyOf(operation);
      raise(tally.statuses, status, 1);
      if (code !== null) raise(tally.codes, code, 1);
      const bucket = bucketOf(durationMs / 1000);
      tally.buckets[bucket] = (tally.buckets[bucket] ?? 0) + 1;
      tally.durationMs += durationMs;
      tally.trips += trips;
      tally.requests += requests;
    },
    countBackground(operation, outcome, requests) {
      const { others } = tallyOf(operation);
      raise(others, `background:${outcome}`, 1);
      raise(others, "backgroundRequests", requests);
    },
    countEvent(subject, event, times = 1) {
      raise(tallyOf(subject).others, `event:${event}`, times);
    },
    drain() {
      if (tallies.size === 0) return null;
      const delta: Record<string, Counters> = {};
      for (const [subject, tally] of tallies) delta[subject] = countersOf(tally);
      tallies = new Map();
      return delta;
    },
  };
}

function emptyTally(): Tally {
  return {
    statuses: new Map(),
    codes: new Map(),
    buckets: new Array<number>(LATENCY_BOUNDS_S.length + 1).fill(0),
    others: new Map(),
    durationMs: 0,
    trips: 0,
    requests: 0,
  };
}

function raise<Key>(counts: Map<Key, number>, key: Key, by: number): void {
  counts.set(key, (counts.get(key) ?? 0) + by);
}

function bucketOf(seconds: number): number {
  let bucket = 0;
  for (const bound of LATENCY_BOUNDS_S) {
    if (seconds <= bound) break;
    bucket += 1;
  }
  return bucket;
}

/** What every operation has comes first, so that it is never what does not fit. */
function countersOf(tally: Tally): Counters {
  const counters: Record<string, number> = {};
  if (tally.statuses.size > 0) {
    Object.assign(counters, {
      durationMs: Math.round(tally.durationMs * 10) / 10,
      trips: tally.trips,
      requests: tally.requests,
    });
    tally.buckets.forEach((count, bucket) => {
      if (count > 0) counters[`le:${LATENCY_BOUNDS_S[bucket] ?? "+Inf"}`] = count;
    });
  }
  for (const [status, count] of tally.statuses) counters[`status:${status}`] = count;
  for (const [code, count] of tally.codes) counters[`code:${code}`] = count;
  for (const [name, count] of tally.others) counters[name] = count;
  return addCounters({}, counters);
}
