/**
 * @module
 * Whether a store is worth asking right now.
 *
 * A store that has failed `FAILURES_TO_OPEN` times in a row is left alone for `OPEN_MS`; then a single
 * trial decides. A request that is turned away was never sent, so its outcome is known: not applied.
 *
 * Invariants:
 *
 * 1. Any answer from the store, even an error, closes the breaker: it measures reachability only.
 * 2. While half open, at most one trial is under way, and a trial that never reports back is given up
 *    after `OPEN_MS`.
 */
export const FAILURES_TO_OPEN = 5;
export const OPEN_MS = 1_000;

export type BreakerState = "closed" | "open" | "half_open";

export interface Breaker {
  /** True when a request may be sent. In the half-open state this claims the trial. */
  admits(nowMs: number): boolean;
  succeeded(): void;
  failed(nowMs: number): void;
  state(nowMs: number): BreakerState;
  /** Milliseconds until the next trial; 0 when requests are admitted. */
  retryAfterMs(nowMs: number): number;
}

export function breaker(): Breaker {
  let failures = 0;
  let trialAtMs = 0;

  const isOpen = () => failures >= FAILURES_TO_OPEN;

  return {
    admits(nowMs) {
      if (!isOpen()) return true;
      if (nowMs < trialAtMs) return false;
      trialAtMs = nowMs + OPEN_MS;
      return true;
    },
    succeeded() {
      failures = 0;
    },
    failed(nowMs) {
      failures += 1;
      if (isOpen()) trialAtMs = nowMs + OPEN_MS;
    },
    state(nowMs) {
      if (!isOpen()) return "closed";
      return nowMs < trialAtMs ? "open" : "half_open";
    },
    retryAfterMs: (nowMs) => (isOpen() ? Math.max(0, trialAtMs - nowMs) : 0),
  };
}
