/**
 * @module
 * What one request asks of the stores: how many calls, how many one after another, how long.
 *
 * Invariants:
 *
 * 1. At most `STORE_CALLS_IN_FLIGHT_MAX` calls of a request run at once; the platform queues a seventh
 *    connection silently, so the queue is ours, here, where tests see it.
 * 2. A place that becomes free passes to the call that has waited longest, never to a newcomer.
 * 3. `requests` counts calls to stores. `trips` counts them along the longest chain of calls of which each began
 *    after the one before it had ended: calls that overlap are one trip, a call that had to queue is a later one.
 * 4. A Durable Object is no store: a call to one takes a place and time, but is neither a request nor a trip.
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
  readonly durationMs: Readonly<Partial<Record<Dependency, number>>>;
}

export interface StoreTraffic {
  /** Runs one call to a store when a place is free. */
  run<Reply>(dependency: Dependency, call: () => Promise<Reply>): Promise<Reply>;
  spent(): Spent;
}

export function storeTraffic(clock: Clock): StoreTraffic {
  return new Traffic(clock);
}

/** Calls to one dependency that are open, and since when there has been one. */
interface Window {
  calls: number;
  sinceMs: number;
}

/** A class, because one is made for every request: its methods cost nothing to make. */
class Traffic implements StoreTraffic {
  readonly #clock: Clock;
  readonly #waiting: (() => void)[] = [];
  readonly #windows: Partial<Record<Dependency, Window>> = {};
  readonly #durationMs: Partial<Record<Dependency, number>> = {};
  #placesTaken = 0;
  #requests = 0;
  /** Trips of the longest chain that has begun, and of the longest that has ended. */
  #trips = 0;
  #tripsEnded = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  async run<Reply>(dependency: Dependency, call: () => Promise<Reply>): Promise<Reply> {
    if (this.#placesTaken < STORE_CALLS_IN_FLIGHT_MAX) this.#placesTaken += 1;
    else if (this.#waiting.length < STORE_CALLS_QUEUED_MAX) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    } else throw new RangeError("too many store calls");
    const trip = this.#begin(dependency);
    try {
      return await call();
    } finally {
      this.#end(dependency, trip);
    }
  }

  spent(): Spent {
    return { trips: this.#trips, requests: this.#requests, durationMs: this.#durationMs };
  }

  #begin(dependency: Dependency): number {
    const isStore = dependency !== "durable-object";
    const trip = isStore ? this.#tripsEnded + 1 : 0;
    this.#trips = Math.max(this.#trips, trip);
    if (isStore) this.#requests += 1;
    const window = this.#windows[dependency];
    if (window === undefined) this.#windows[dependency] = { calls: 1, sinceMs: this.#clock() };
    else {
      if (window.calls === 0) window.sinceMs = this.#clock();
      window.calls += 1;
    }
    return trip;
  }

  #end(dependency: Dependency, trip: number): void {
    this.#tripsEnded = Math.max(this.#tripsEnded, trip);
    const window = this.#windows[dependency];
    if (window && --window.calls === 0) {
      const beforeMs = this.#durationMs[dependency] ?? 0;
      this.#durationMs[dependency] = beforeMs + this.#clock() - window.sinceMs;
    }
    const next = this.#waiting.shift();
    if (next === undefined) this.#placesTaken -= 1;
    else next();
  }
}
