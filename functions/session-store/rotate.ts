/**
 * @module
 * Giving a session another token, so that one that was seen by somebody is soon worth nothing.
 *
 * Invariants:
 *
 * 1. Of one token there is one successor. It is derived from the token and a secret whose `kid` the store
 *    keeps, so whoever comes with the old token within the grace gets the same one, from any Worker.
 * 2. At a login (any change of privileges) the successor is random and there is no grace: whoever fixed or saw
 *    an earlier token has nothing.
 */
import { attemptWrite, type Expired } from "../../shared/kernel/attempts.ts";
import { expired, integer, list, text } from "../../shared/redis/reply.ts";
import { defineScript } from "../../shared/redis/script.ts";
import {
  afterAll,
  keysOf,
  type NoSession,
  newToken,
  type SessionAccess,
  sealed,
  successorCookie,
  type UnknownSecret,
} from "./access.ts";
import type { SessionCookie } from "./cookie.ts";
import type { Lifetime } from "./create.ts";
import { PREDECESSORS_MAX } from "./policy.ts";
import rotateSource from "./rotate.lua";
import { successorOf, tokenHash } from "./tokens.ts";
import { touchIfDue } from "./touch.ts";

export const ROTATION_REASONS = ["login", "periodic"] as const;

export type RotationReason = (typeof ROTATION_REASONS)[number];

export type Rotated =
  | (Lifetime & { readonly kind: "rotated"; readonly cookie: string })
  | NoSession
  | UnknownSecret;

/** One trip. */
export async function rotateSession(
  access: SessionAccess,
  cookie: SessionCookie,
  reason: RotationReason,
): Promise<Rotated> {
  const keys = keysOf(access, cookie);
  const [newest] = access.secrets;
  const isLogin = reason === "login";
  const token = isLogin ? newToken(access) : successorOf(cookie.token, newest.secret);
  const written = await attemptWrite("redis", access.attempts, ({ timeoutMs, expiresAtMs }) =>
    runRotate(
      access.redis,
      [keys.session, keys.user],
      [
        tokenHash(cookie.token),
        tokenHash(token),
        isLogin ? "" : newest.kid,
        expiresAtMs,
        isLogin ? 0 : access.policy.graceMs,
        PREDECESSORS_MAX,
      ],
      { timeoutMs },
    ),
  );
  const reply = afterAll(written);
  if (reply.kind === "no_session") return reply;
  const { kid, nowMs, ...times } = reply;
  const next = isLogin
    ? sealed(access, { ...cookie, token }, newest)
    : successorCookie(access, cookie, kid);
  if (next === null) return { kind: "unknown_secret" };
  touchIfDue(access, isLogin ? { ...cookie, token } : cookie, { nowMs, ...times });
  return { ...times, publicId: cookie.publicId, cookie: next };
}

const runRotate = defineScript<
  [session: string, user: string],
  [
    tokenHash: string,
    successorHash: string,
    kid: string,
    expiresAtMs: number,
    graceMs: number,
    predecessorsMax: number,
  ],
  | (Omit<Lifetime, "publicId"> & {
      readonly kind: "rotated";
      readonly kid: string;
      readonly nowMs: number;
    })
  | NoSession
  | Expired
>(rotateSource, (reply) => {
  const [kind, fact, created, until, absolute, now] = list(reply);
  switch (kind) {
    case "rotated":
      return {
        kind,
        kid: text(fact),
        createdAtMs: integer(created),
        idleExpiresAtMs: integer(until),
        absoluteExpiresAtMs: integer(absolute),
        nowMs: integer(now),
      };
    case "no_session":
      return { kind };
    default:
      return expired(reply);
  }
});
