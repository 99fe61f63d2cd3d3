/**
 * @module
 * How often to ask a store, and what may be said when it never gave a definite answer.
 *
 * Invariants:
 *
 * 1. Every attempt of a write carries the same op id and an absolute expiry, so that whichever copy
 *    arrives, and whenever, it takes effect once or never.
 * 2. Once an attempt had no definite answer, no later refusal is reported as "not applied".
 * 3. An answer with outcome `unknown` leaves only after the write has expired: from then on no copy of
 *    it can take effect any more.
 */
import { type Deadline, WRITE_EXPIRY_MARGIN_MS } from "./deadline.ts";
import { type Dependency, UpstreamError } from "./errors.ts";
import type { Clock, Random, Sleep } from "./time.ts";

export const READ_ATTEMPTS_MAX = 3;
export const WRITE_ATTEMPTS_MAX = 40;

/** The first attempt's bound; each further one gets twice the time, so that a slow store can answer. */
const FIRST_TIMEOUT_MS = 500;
const BACKOFF_FIRST_MS = 10;
const BACKOFF_MAX_MS = 250;

/** With no more than this left until the deadline nothing is asked again. */
export const RETRY_TIME_MIN_MS = BACKOFF_MAX_MS;

/** Refusals that the same request will meet again: no such user, database or right; a store that takes no writes. */
const PERMANENT = new Set([
  ...["NOAUTH", "WRONGPASS", "NOPERM"],
  ...["28P01", "28000", "3D000", "42501", "25006"],
]);

export interface Attempts {
  readonly deadline: Deadline;
  readonly clock: Clock;
  readonly random: Random;
  readonly sleep: Sleep;
}

export interface WriteAttempt {
  readonly timeoutMs: number;
  /** The store refuses the write when its own clock is past this instant. */
  readonly expiresAtMs: number;
}

/** A store's refusal of a write that came too late by its own clock. */
export interface Expired {
  readonly kind: "expired";
  readonly storeNowMs: number;
}

export interface Written<Reply> {
  readonly reply: Reply;
  /** An earlier attempt may have been applied, so a refusal in `reply` is not the whole truth. */
  readonly wasAmbiguous: boolean;
}

/**
 * Asks until there is an answer. Safe for reads only, and for what may be done twice.
 *
 * @throws UpstreamError of the last attempt, with outcome `unknown` as soon as one attempt's was
 */
export async function attemptRead<Reply>(
  attempts: Attempts,
  send: (timeoutMs: number) => Promise<Reply>,
): Promise<Reply> {
  let wasAmbiguous = false;
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await send(timeoutOf(attempt, attempts.deadline.remainingMs()));
    } catch (error) {
      if (!(error instanceof UpstreamError)) throw error;
      const isLast = attempt + 1 >= READ_ATTEMPTS_MAX || isFinal(error);
      if (isLast || attempts.deadline.remainingMs() <= RETRY_TIME_MIN_MS) {
        throw wasAmbiguous && error.outcome === "not_applied"
          ? error.withOutcome("unknown")
          : error;
      }
      wasAmbiguous ||= error.outcome !== "not_applied";
    }
    await pause(attempts, attempt);
  }
}

/**
 * Sends a write until the store says definitely what became of it.
 *
 * `send` must carry the same op id each time. A store's clock that is ahead of ours refuses a fresh
 * write as expired; it is sent once more on the store's clock.
 *
 * @throws UpstreamError with a true `outcome` for all attempts together
 */
export async function attemptWrite<Reply extends { readonly kind: string }>(
  dependency: Dependency,
  attempts: Attempts,
  send: (attempt: WriteAttempt) => Promise<Reply | Expired>,
): Promise<Written<Reply>> {
  const expiresAtMs = attempts.deadline.expiresAtMs - WRITE_EXPIRY_MARGIN_MS;
  let offsetMs: number | null = null;
  let wasAmbiguous = false;
  let last: UpstreamError | null = null;
  for (let attempt = 0; attempt < WRITE_ATTEMPTS_MAX; attempt += 1) {
    const leftMs = expiresAtMs - attempts.clock();
    if (leftMs <= 0) break;
    try {
      const timeoutMs = timeoutOf(attempt, leftMs);
      const reply = await send({ timeoutMs, expiresAtMs: expiresAtMs + (offsetMs ?? 0) });
      if (!isExpired(reply)) return { reply, wasAmbiguous };
      if (offsetMs !== null) break;
      offsetMs = reply.storeNowMs - attempts.clock();
      continue;
    } catch (error) {
      if (!(error instanceof UpstreamError)) throw error;
      last = error;
      wasAmbiguous ||= error.outcome !== "not_applied";
      if (isFinal(error) && !wasAmbiguous) break;
    }
    await pause(attempts, attempt, expiresAtMs - attempts.clock());
  }
  last ??= new UpstreamError({ dependency, fault: "timeout", outcome: "not_applied" });
  if (!wasAmbiguous) throw last.withOutcome("not_applied");
  await attempts.sleep(Math.max(0, expiresAtMs - attempts.clock()));
  throw last.withOutcome("unknown");
}

function isExpired(reply: { readonly kind: string }): reply is Expired {
  return reply.kind === "expired";
}

function isFinal(error: UpstreamError): boolean {
  return error.fault === "circuit_open" || PERMANENT.has(error.storeCode ?? "");
}

function timeoutOf(attempt: number, leftMs: number): number {
  return Math.min(FIRST_TIMEOUT_MS * 2 ** Math.min(attempt, 10), leftMs);
}

/** Equal jitter (Brooker, "Exponential Backoff And Jitter"), so that callers of a returning store spread. */
async function pause(
  { sleep, random }: Attempts,
  attempt: number,
  leftMs = Number.POSITIVE_INFINITY,
): Promise<void> {
  const ceilingMs = Math.min(BACKOFF_FIRST_MS * 2 ** Math.min(attempt, 10), BACKOFF_MAX_MS);
  const pauseMs = ceilingMs / 2 + (random() * ceilingMs) / 2;
  await sleep(Math.max(0, Math.min(pauseMs, leftMs)));
}
