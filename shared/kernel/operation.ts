/**
 * @module
 * How a repeated write is recognised where there is no record to keep its id in: under which name the
 * store keeps what the write was told, and for how long.
 */

/** Of an answer, beyond the expiry of the write, for a caller who named the operation. */
export const CALLER_ANSWER_MS = 24 * 60 * 60 * 1_000;

/** Of an answer nobody can ask for again, beyond the expiry: for stores whose clock is a little behind. */
export const ANSWER_MARGIN_MS = 1_000;

/** @param scope what a key is unique within, beyond what the store key names: the last part of the path */
export function callerOperationId(scope: string, idempotencyKey: string): string {
  return `caller-${scope}-${idempotencyKey}`;
}

export function workerOperationId(id: string): string {
  return `worker-${id}`;
}
