/**
 * @module
 * What an isolate remembers of checks that did not pass, so that a flood of them costs no trip.
 *
 * A check is refused from memory only where its algorithm says exactly when it will pass, only until then,
 * and for at most `BLOCKED_MS_MAX`, so that a reset is noticed soon. What cannot pass now cannot pass at a
 * higher cost either. By a newer policy than it was judged by it may.
 */
import type { BoundedCacheOptions } from "../../shared/kernel/bounded-cache.ts";
import { shortHash } from "../../shared/kernel/short-hash.ts";
import type { Policy } from "./policy.ts";
import type { Judged } from "./verdict.ts";
import { retryAfterMsOf } from "./verdict.ts";

const BLOCKED_MS_MAX = 1_000;

export const BLOCKED: BoundedCacheOptions = { entriesMax: 10_000, ttlMs: BLOCKED_MS_MAX };

export interface Blocked {
  readonly judged: readonly Judged[];
  readonly costs: readonly number[];
  /** Of the policies that they were judged by. */
  readonly revisions: readonly number[];
  /** By the isolate's clock, when the request that learned of it was sent. */
  readonly sentAtMs: number;
  /** When its answer came: nobody is told an earlier time than the first was. */
  readonly toldAtMs: number;
}

/** What is asked; the policy is the one that the isolate goes by. */
export interface Asked {
  readonly policy: Pick<Policy, "revision">;
  readonly cost: number;
}

/** Levels have long names, of callers who choose them; eight of them are remembered by a short one. */
const MEMORY_KEY_LENGTH_MAX = 256;

/** The name that checks of these levels are remembered by. */
export function memoryKey(levels: readonly string[]): string {
  const names = levels.join(" ");
  return names.length <= MEMORY_KEY_LENGTH_MAX ? names : shortHash(names);
}

/** The verdicts as they are now, or null when the store has to be asked. */
export function stillBlocked(
  { judged, costs, revisions, sentAtMs, toldAtMs }: Blocked,
  asked: readonly Asked[],
  nowMs: number,
): readonly Judged[] | null {
  const isOther = asked.some(({ policy, cost }, i) => {
    const isCheaper = cost < (costs[i] ?? Number.POSITIVE_INFINITY);
    return isCheaper || policy.revision > (revisions[i] ?? 0);
  });
  const goneMs = nowMs - toldAtMs;
  if (isOther || goneMs < 0 || nowMs - sentAtMs >= retryAfterMsOf(judged)) return null;
  return judged.map(({ policy, verdict }) => ({
    policy,
    verdict: {
      ...verdict,
      resetMs: Math.max(0, verdict.resetMs - goneMs),
      retryAfterMs: Math.max(0, verdict.retryAfterMs - goneMs),
    },
  }));
}
