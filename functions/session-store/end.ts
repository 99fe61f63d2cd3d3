/**
 * @module
 * Ending sessions: one's own, another one of the same user, or all others.
 *
 * Invariants:
 *
 * 1. A session ends with all its tokens, whichever of them is shown.
 * 2. Sessions are ended together by raising the user's epoch: what is under way for one of them finds an epoch
 *    above its own and does nothing.
 */
import { attemptWrite, type Expired } from "../../shared/kernel/attempts.ts";
import { ANSWER_MARGIN_MS, workerOperationId } from "../../shared/kernel/operation.ts";
import { expired, integer, list } from "../../shared/redis/reply.ts";
import { defineScript } from "../../shared/redis/script.ts";
import {
  afterAll,
  keysOf,
  type NoSession,
  newToken,
  type SessionAccess,
  sealed,
} from "./access.ts";
import type { SessionCookie } from "./cookie.ts";
import endSource from "./end.lua";
import endOthersSource from "./end-others.lua";
import { tokenHash } from "./tokens.ts";

export type Ended =
  | { readonly kind: "ended" }
  /** The session of who asks lives, and does not know their token any more. */
  | { readonly kind: "left_behind" }
  | NoSession;

/**
 * Ends a session of the same user; without `publicId` the one that asks. One trip. `no_session` says that the
 * one that asks had ended before.
 */
export async function endSession(
  access: SessionAccess,
  cookie: SessionCookie,
  publicId = cookie.publicId,
): Promise<Ended> {
  const keys = keysOf(access, cookie);
  const other = keysOf(access, { ...cookie, publicId });
  const written = await attemptWrite("redis", access.attempts, ({ timeoutMs, expiresAtMs }) =>
    runEnd(
      access.redis,
      [keys.session, keys.user, other.session],
      [tokenHash(cookie.token), publicId, expiresAtMs],
      { timeoutMs },
    ),
  );
  return afterAll(written);
}

export type OthersEnded =
  | {
      readonly kind: "ended";
      readonly ended: number;
      /** For a caller whose token had been rotated: the one cookie that still works. */
      readonly cookie: string | null;
    }
  | NoSession;

/** Ends every session of the user but the one that asks. One trip. */
export async function endOtherSessions(
  access: SessionAccess,
  cookie: SessionCookie,
): Promise<OthersEnded> {
  const keys = keysOf(access, cookie);
  const [newest] = access.secrets;
  const fresh = { ...cookie, token: newToken(access) };
  const operation = keys.operation(workerOperationId(access.newId()));
  const { reply } = await attemptWrite("redis", access.attempts, ({ timeoutMs, expiresAtMs }) =>
    runEndOthers(
      access.redis,
      [operation, keys.session, keys.user],
      [
        tokenHash(cookie.token),
        cookie.publicId,
        tokenHash(fresh.token),
        access.policy.absoluteMs,
        expiresAtMs,
        expiresAtMs + ANSWER_MARGIN_MS,
      ],
      { timeoutMs },
    ),
  );
  if (reply.kind === "no_session") return reply;
  const { kind, ended, isFresh } = reply;
  return { kind, ended, cookie: isFresh ? sealed(access, fresh, newest) : null };
}

const runEnd = defineScript<
  [session: string, user: string, ended: string],
  [tokenHash: string, publicId: string, expiresAtMs: number],
  Ended | Expired
>(endSource, (reply) => {
  const [kind] = list(reply);
  switch (kind) {
    case "ended":
    case "left_behind":
    case "no_session":
      return { kind };
    default:
      return expired(reply);
  }
});

const runEndOthers = defineScript<
  [operation: string, session: string, user: string],
  [
    tokenHash: string,
    publicId: string,
    freshHash: string,
    absoluteMs: number,
    expiresAtMs: number,
    answerUntilMs: number,
  ],
  | { readonly kind: "ended"; readonly ended: number; readonly isFresh: boolean }
  | NoSession
  | Expired
>(endOthersSource, (reply) => {
  const [kind, fact, isFresh] = list(reply);
  switch (kind) {
    case "ended":
      return { kind, ended: integer(fact), isFresh: integer(isFresh) === 1 };
    case "no_session":
      return { kind };
    default:
      return expired(reply);
  }
});
