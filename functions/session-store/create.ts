/**
 * @module
 * Creating a session.
 *
 * A caller who names the operation gets the same cookie each time: its token is derived from the key and from
 * a nonce that the store keeps with the answer, so that nobody keeps the token.
 */
import { attemptWrite, type Expired } from "../../shared/kernel/attempts.ts";
import { ANSWER_MARGIN_MS, operationOf } from "../../shared/kernel/operation.ts";
import { shortHash } from "../../shared/kernel/short-hash.ts";
import { expired, integer, list, MalformedReply, text } from "../../shared/redis/reply.ts";
import { defineScript } from "../../shared/redis/script.ts";
import { newToken, type SessionAccess, sealed, type UnknownSecret } from "./access.ts";
import { type Fields, sizeBytes } from "./changes.ts";
import createSource from "./create.lua";
import { creationKey, sessionKeys, userHashOf } from "./keys.ts";
import { FIELDS_MAX, SESSION_BYTES_MAX, SESSIONS_MAX } from "./policy.ts";
import { createdToken, secretOf, tokenHash } from "./tokens.ts";

export interface SessionWish {
  readonly tenant: string;
  readonly userId: string;
  readonly data: Fields;
  readonly device: string | null;
  /** Makes a repeat get the same session; null for a call whose repeats cannot be recognised. */
  readonly idempotencyKey: string | null;
}

/** When a session began, and when it must end. */
export interface Lifetime {
  readonly publicId: string;
  readonly createdAtMs: number;
  readonly idleExpiresAtMs: number;
  readonly absoluteExpiresAtMs: number;
}

export type Created =
  | (Lifetime & { readonly kind: "created"; readonly cookie: string; readonly isReplay: boolean })
  | { readonly kind: "too_many_sessions"; readonly isReplay: boolean }
  | { readonly kind: "too_large" | "too_many_fields" }
  | { readonly kind: "idempotency_mismatch" }
  | UnknownSecret;

/** One trip. */
export async function createSession(access: SessionAccess, wish: SessionWish): Promise<Created> {
  const bytes = sizeBytes(wish.data);
  if (bytes > SESSION_BYTES_MAX) return { kind: "too_large" };
  if (wish.data.length > FIELDS_MAX) return { kind: "too_many_fields" };
  const [newest] = access.secrets;
  const { idempotencyKey } = wish;
  const nonce = access.newId();
  const randomToken = newToken(access);
  /** The token of the creation with this nonce, which is this one or an earlier one with its key. */
  const tokenOf = (secret: string, nonce: string) =>
    idempotencyKey === null ? randomToken : createdToken(secret, { idempotencyKey, nonce });
  const reply = await sendCreate(access, wish, {
    nonce,
    kid: newest.kid,
    hash: tokenHash(tokenOf(newest.secret, nonce)),
    bytes,
  });
  if (reply.kind !== "created") return reply;
  const { kid, publicId } = reply;
  const secret = secretOf(access.secrets, kid);
  if (secret === null) return { kind: "unknown_secret" };
  const { tenant, userId } = wish;
  const token = tokenOf(secret, reply.nonce);
  const cookie = { tenant, userHash: userHashOf(userId), publicId, token };
  return { ...reply, cookie: sealed(access, cookie, { kid, secret }) };
}

interface NewSession {
  readonly nonce: string;
  readonly kid: string;
  readonly hash: string;
  readonly bytes: number;
}

async function sendCreate(
  access: SessionAccess,
  { tenant, userId, data, device, idempotencyKey }: SessionWish,
  { nonce, kid, hash, bytes }: NewSession,
): Promise<CreateReply> {
  const space = { instance: access.instance, tenant };
  const publicId = access.newId();
  const keys = sessionKeys(space, { userHash: userHashOf(userId), publicId });
  const caller = idempotencyKey === null ? null : { idempotencyKey, scope: "sessions" };
  const operation = operationOf(nonce, caller, () =>
    shortHash(JSON.stringify([userId, device, data])),
  );
  const { reply } = await attemptWrite("redis", access.attempts, ({ timeoutMs, expiresAtMs }) =>
    runCreate(
      access.redis,
      [creationKey(space, operation.id), keys.session, keys.user],
      [
        expiresAtMs,
        expiresAtMs + operation.answerMs,
        expiresAtMs + ANSWER_MARGIN_MS,
        operation.fingerprint,
        operation.nonce,
        kid,
        publicId,
        hash,
        userId,
        JSON.stringify(device),
        access.policy.idleMs,
        access.policy.absoluteMs,
        SESSIONS_MAX,
        bytes,
        ...data.flatMap(([field, json]) => [`d:${field}`, json]),
      ],
      { timeoutMs },
    ),
  );
  return reply;
}

type CreateReply =
  | (Lifetime & {
      readonly kind: "created";
      readonly nonce: string;
      readonly kid: string;
      readonly isReplay: boolean;
    })
  | { readonly kind: "too_many_sessions"; readonly isReplay: boolean }
  | { readonly kind: "idempotency_mismatch" };

const runCreate = defineScript<
  [operation: string, session: string, user: string],
  [
    expiresAtMs: number,
    answerUntilMs: number,
    refusalUntilMs: number,
    fingerprint: string,
    nonce: string,
    kid: string,
    publicId: string,
    tokenHash: string,
    userId: string,
    device: string,
    idleMs: number,
    absoluteMs: number,
    sessionsMax: number,
    bytes: number,
    ...fields: string[],
  ],
  CreateReply | Expired
>(createSource, (reply) => {
  const [kind, fact, answer, isReplay] = list(reply);
  if (kind === "mismatch") return { kind: "idempotency_mismatch" };
  if (kind !== "answer") return expired(reply);
  const [what, kid, publicId, created, until, absolute] = text(answer).split(" ");
  if (what === "too_many_sessions") return { kind: what, isReplay: integer(isReplay) === 1 };
  if (what !== "created") throw new MalformedReply();
  return {
    kind: what,
    nonce: text(fact),
    kid: text(kid),
    publicId: text(publicId),
    createdAtMs: integer(created),
    idleExpiresAtMs: integer(until),
    absoluteExpiresAtMs: integer(absolute),
    isReplay: integer(isReplay) === 1,
  };
});
