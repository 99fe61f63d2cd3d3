/**
 * @module
 * Reading a session. One trip: the cookie names the session and its user, so that both are asked at once.
 */
import { attemptRead } from "../../shared/kernel/attempts.ts";
import { integer, list, MalformedReply, text } from "../../shared/redis/reply.ts";
import { defineScript } from "../../shared/redis/script.ts";
import {
  keysOf,
  type NoSession,
  noSessionOf,
  type SessionAccess,
  successorCookie,
} from "./access.ts";
import type { SessionCookie } from "./cookie.ts";
import readSource from "./read.lua";
import { type Session, sessionOf } from "./record.ts";
import { tokenHash } from "./tokens.ts";
import { touchIfDue } from "./touch.ts";

export type Read =
  | {
      readonly kind: "session";
      readonly session: Session;
      /** To be sent from now on, for a caller whose token was rotated. */
      readonly cookie: string | null;
    }
  | NoSession;

/** Touches the session after the reply when it is past half of its idle limit. */
export async function readSession(access: SessionAccess, cookie: SessionCookie): Promise<Read> {
  const keys = keysOf(access, cookie);
  const found = await attemptRead(access.attempts, (timeoutMs) =>
    runRead(access.redis, [keys.session, keys.user], [tokenHash(cookie.token)], { timeoutMs }),
  );
  if (found.kind === "no_session") return found;
  const { session, nowMs, kid } = found;
  touchIfDue(access, cookie, { nowMs, ...session });
  return { kind: "session", session, cookie: successorCookie(access, cookie, kid) };
}

const runRead = defineScript<
  [session: string, user: string],
  [tokenHash: string],
  | {
      readonly kind: "session";
      readonly session: Session;
      readonly nowMs: number;
      readonly kid: string;
    }
  | NoSession
>(readSource, (reply) => {
  const [kind, now, kid, flat] = list(reply);
  if (kind !== "session") return noSessionOf(kind) ?? malformed();
  return { kind, session: sessionOf(flat), nowMs: integer(now), kid: text(kid) };
});

function malformed(): never {
  throw new MalformedReply();
}
