/**
 * @module
 * Changing a session.
 *
 * Invariants:
 *
 * 1. A write names the facts it changes and touches no other, so that of concurrent writes to different facts
 *    none is lost.
 * 2. Only a session that lives is changed. Nothing brings one back that has ended, however late it comes.
 * 3. However often and however late copies of one write arrive, it takes effect at most once, and each copy
 *    that is answered gets the first answer. A refusal is remembered like any other answer.
 */
import { attemptWrite } from "../../shared/kernel/attempts.ts";
import { type CallerOperation, operationOf } from "../../shared/kernel/operation.ts";
import { shortHash } from "../../shared/kernel/short-hash.ts";
import { type NoSession, type SessionAccess, successorCookie } from "./access.ts";
import type { Change } from "./changes.ts";
import type { SessionCookie } from "./cookie.ts";
import { sendUpdate, type UpdateAnswer } from "./update-script.ts";

export interface UpdateWish {
  readonly changes: readonly Change[];
  /** The version that must be current; null for any. */
  readonly version?: string | null;
  readonly needsCart?: boolean;
  readonly caller?: CallerOperation | null;
}

export type Updated =
  /** `isReplay` when it is what another request with this idempotency key was told. */
  | (UpdateAnswer & { readonly isReplay: boolean; readonly cookie: string | null })
  | { readonly kind: "idempotency_mismatch" }
  | NoSession;

/** Makes all changes or none. One trip. */
export async function updateSession(
  access: SessionAccess,
  cookie: SessionCookie,
  { changes, version = null, needsCart = false, caller = null }: UpdateWish,
): Promise<Updated> {
  const operation = operationOf(access.newId(), caller, () => shortHash(JSON.stringify(changes)));
  const { reply } = await attemptWrite("redis", access.attempts, (attempt) =>
    sendUpdate(access, cookie, { changes, operation, version, needsCart, attempt }),
  );
  switch (reply.kind) {
    case "answer": {
      const { answer, isReplay, kid } = reply;
      return { ...answer, isReplay, cookie: successorCookie(access, cookie, kid) };
    }
    case "mismatch":
      return { kind: "idempotency_mismatch" };
    case "no_session":
      return reply;
  }
}
