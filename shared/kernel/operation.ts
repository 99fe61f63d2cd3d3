/**
 * @module
 * How a repeated write is recognised where there is no record to keep its id in: under which name the
 * store keeps what the write was told, and for how long.
 */

/** Of an answer, beyond the expiry of the write, for a caller who named the operation. */
const CALLER_ANSWER_MS = 24 * 60 * 60 * 1_000;

/** Of an answer nobody can ask for again, beyond the expiry: for stores whose clock is a little behind. */
export const ANSWER_MARGIN_MS = 1_000;

/** What makes a repeat of a call recognisable. */
export interface CallerOperation {
  readonly idempotencyKey: string;
  /** What the key is unique within, beyond what the store key names: the last part of the path. */
  readonly scope: string;
}

/** The name under which an answer is kept, and what tells one request with that name from another. */
export interface Operation {
  readonly id: string;
  readonly fingerprint: string;
  /** Of this request, so that it knows an answer to an earlier one from its own. */
  readonly nonce: string;
  /** How long the answer is kept beyond the expiry of the write. */
  readonly answerMs: number;
}

/**
 * @param caller null for a call whose repeats cannot be recognised
 * @param fingerprint of what is asked for, without a space; taken only where another request may have the name
 */
export function operationOf(
  nonce: string,
  caller: CallerOperation | null,
  fingerprint: () => string,
): Operation {
  if (caller === null) {
    return { id: workerOperationId(nonce), fingerprint: "-", nonce, answerMs: ANSWER_MARGIN_MS };
  }
  const id = callerOperationId(caller.scope, caller.idempotencyKey);
  return { id, fingerprint: fingerprint(), nonce, answerMs: CALLER_ANSWER_MS };
}

export function callerOperationId(scope: string, idempotencyKey: string): string {
  return `caller-${scope}-${idempotencyKey}`;
}

export function workerOperationId(id: string): string {
  return `worker-${id}`;
}
