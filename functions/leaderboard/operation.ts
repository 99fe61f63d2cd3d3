/**
 * @module
 * How a repeated submit is recognised: under which id its answer is kept, and by what a request is told
 * from another one with the same key. Both are short, since every submit of a day is kept.
 */
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js";
import type { Submission } from "./submission.ts";

const HASH_BYTES = 16;

/** Of the whole answer, beyond the expiry of the write, for a caller who named the operation. */
export const CALLER_ANSWER_MS = 24 * 60 * 60 * 1_000;

/** Of an answer nobody can ask for again, beyond the expiry: for stores whose clock is a little behind. */
export const ANSWER_MARGIN_MS = 1_000;

/** @param scope what a key is unique within, beyond tenant and board: the last part of the path */
export function callerOperationId(scope: string, idempotencyKey: string): string {
  return `caller-${scope}-${idempotencyKey}`;
}

export function workerOperationId(id: string): string {
  return `worker-${id}`;
}

/** Holds no space. A name holds no `=`, so that one score can speak for itself; more are hashed. */
export function fingerprint(submissions: readonly Submission[]): string {
  const [first] = submissions;
  if (first !== undefined && submissions.length === 1 && first.metadata === null) {
    return `${first.member}=${first.score}`;
  }
  return hashed(
    submissions
      .map(({ member, score, metadata }) => `${member} ${score} ${metadata ?? ""}`)
      .join("\n"),
  );
}

function hashed(text: string): string {
  return bytesToHex(sha256(utf8ToBytes(text)).subarray(0, HASH_BYTES));
}
