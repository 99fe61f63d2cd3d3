/**
 * @module
 * What an isolate remembers of checks that did not pass, so that a flood of them costs no trip.
 *
 * A check is refused from memory only where its algorithm says exactly when it will pass, only until then,
 * and for at most `BLOCKED_MS_MAX`, so that a reset or a larger policy is noticed soon. What cannot pass now
 * cannot pass at a higher cost either.
 */
import type { BoundedCacheOptions } from "../../shared/kernel/bounded-cache.ts";
import type { Judged } from "./verdict.ts";
import { retryAfterMsOf } from "./verdict.ts";

export const BLOCKED_MS_MAX = 1_000;

export const BLOCKED: BoundedCacheOptions = { entriesMax: 10_000, ttlMs: BLOCKED_MS_MAX };

export interface Blocked {
  readonly judged: readonly Judged[];
  readonly costs: readonly number[];
  /** By the isolate's clock, when the request that learned of it was sent. */
  readonly sinceMs: number;
}

/** The verdicts as they are now, or null when the store has to be asked. */
export function stillBlocked(
  { judged, costs, sinceMs }: Blocked,
  asked: readonly number[],
  nowMs: number,
): readonly Judged[] | null {
  const goneMs = nowMs - sinceMs;
  const isCheaper = asked.some((cost, i) => cost < (costs[i] ?? Number.POSITIVE_INFINITY));
  if (isCheaper || goneMs < 0 || goneMs >= retryAfterMsOf(judged)) return null;
  return judged.map(({ policy, verdict }) => ({
    policy,
    verdict: {
      ...verdict,
      resetMs: Math.max(0, verdict.resetMs - goneMs),
      retryAfterMs: Math.max(0, verdict.retryAfterMs - goneMs),
    },
  }));
}
