/**
 * @module
 * What one request asks of the stores: how many calls, how many one after another, how long.
 *
 * Invariants:
 *
 * 1. At most `STORE_CALLS_IN_FLIGHT_MAX` calls of a request run at once; the platform queues a seventh
 *    connection silently, so the queue is ours, here, where tests see it.
 * 2. `requests` counts calls; `trips` counts how many of them waited for another to finish first:
 *    calls that overlap are one trip.
 */
import type { Dependency } from "./errors.ts";
import type { Clock } from "./time.ts";

/** Connections that may wait for response headers at once (Workers limits, "Simultaneous open connections"). */
export const STORE_CALLS_IN_FLIGHT_MAX = 6;

/** Calls that may wait for a place; more is a bug in the caller's fan-out. */
const STORE_CALLS_QUEUED_MAX = 1_000;

export interface Spent {
  readonly trips: number;
  readonly requests: number;
  /** Milliseconds in which at least one call to the dependency was open. */
  readonly durationMs: ReadonlyMap<Dependency, number>;
}

export interface StoreTraffic {
  /** Runs one call to a store when a place is free. */
  run<Reply>(dependency: Dependency, call: () => Promise<Reply>): Promise<Reply>;
  spent(): Spent;
}

export function storeTraffic(clock: Clock): StoreTraffic {
  const waiting: (() => void)[] = [];
  const open = new Map<Dependency, { calls: number; sinceMs: number }>();
  const durationMs = new Map<Dependency, number>();
  let inFlight = 0;
  let trips = 0;
  let requests = 0;

  const begin = (dependency: Dependency) => {
    requests += 1;
    if (inFlight === 0) trips += 1;
    inFlight += 1;
    const window = open.get(dependency);
    if (window) window.calls += 1;
    else open.set(dependency, { calls: 1, sinceMs: clock() });
  };

  const end = (dependency: Dependency) => {
    inFlight -= 1;
    const window = open.get(dependency);
    if (window && --window.calls === 0) {
      durationMs.set(dependency, (durationMs.get(dependency) ?? 0) + clock() - window.sinceMs);
      open.delete(dependency);
    }
    waiting.shift()?.();
  };

  return {
    async run(dependency, call) {
      if (inFlight >= STORE_CALLS_IN_FLIGHT_MAX) {
        if (waiting.length >= STORE_CALLS_QUEUED_MAX) throw new RangeError("too many store calls");
        await new Promise<void>((resolve) => waiting.push(resolve));
      }
      begin(dependency);
      try {
        return await call();
      } finally {
        end(dependency);
      }
    },
    spent: () => ({ trips, requests, durationMs }),
  };
}
