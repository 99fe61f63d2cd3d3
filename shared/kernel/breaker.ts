/**
 * @module
 * Whether a store is worth asking right now.
 *
 * A store that has failed `FAILURES_TO_OPEN` times in a row, and for `OPEN_AFTER_MS`, is left alone for
 * `OPEN_MS`; then a single trial decides. A request that is turned away was never sent, so its outcome is known: not applied.
 *
 * Invariants:
 *
 * 1. Any answer from the store, even an error, closes the breaker: it measures reachability only.
 * 2. While half open, at most one trial is under way, and a trial that never reports back is given up
 *    after `OPEN_MS`.
 * 3. A caller in a hurry opens nothing: silence counts only when it lasted `SILENCE_MS`.
 * 4. A pause of this isolate opens nothing: the calls that time out together when it goes on fail at one
 *    instant, and their repeats are answered.
 */
import type { UpstreamFault } from "./errors.ts";

export const FAILURES_TO_OPEN = 5;
export const OPEN_AFTER_MS = 250;
export const OPEN_MS = 1_000;
/** An attempt that was given less than this and got no answer says nothing of the store. */
export const SILENCE_MS = 300;

export type BreakerState = "closed" | "open" | "half_open";

export interface Breaker {
  /** True when a request may be sent. In the half-open state this claims the trial. */
  admits(nowMs: number): boolean;
  succeeded(): void;
  /** Takes in how a request failed that was given `boundMs` to be answered. */
  failed(fault: UpstreamFault, boundMs: number, nowMs: number): void;
  /** Whether the last request that ended got no answer, for whatever reason. */
  isSuspect(): boolean;
  state(nowMs: number): BreakerState;
  /** Milliseconds until the next trial; 0 when requests are admitted. */
  retryAfterMs(nowMs: number): number;
}

export function breaker(): Breaker {
  let failures = 0;
  let firstFailureAtMs = 0;
  let isOpen = false;
  let trialAtMs = 0;
  let isSuspect = false;

  const succeeded = () => {
    failures = 0;
    isOpen = false;
    isSuspect = false;
  };

  return {
    admits(nowMs) {
      if (!isOpen) return true;
      if (nowMs < trialAtMs) return false;
      trialAtMs = nowMs + OPEN_MS;
      return true;
    },
    succeeded,
    failed(fault, boundMs, nowMs) {
      if (fault === "refused") return succeeded();
      isSuspect = true;
      if (fault === "timeout" && boundMs < SILENCE_MS) {
        trialAtMs = Math.min(trialAtMs, nowMs);
        return;
      }
      if (failures === 0) firstFailureAtMs = nowMs;
      failures += 1;
      isOpen ||= failures >= FAILURES_TO_OPEN && nowMs - firstFailureAtMs >= OPEN_AFTER_MS;
      trialAtMs = nowMs + OPEN_MS;
    },
    isSuspect: () => isSuspect,
    state(nowMs) {
      if (!isOpen) return "closed";
      return nowMs < trialAtMs ? "open" : "half_open";
    },
    retryAfterMs: (nowMs) => (isOpen ? Math.max(0, trialAtMs - nowMs) : 0),
  };
}
