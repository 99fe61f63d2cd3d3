/**
 * @module
 * What the pattern needs of its surroundings for one request, and how it knows whose session is meant.
 */
import type { Attempts, Written } from "../../shared/kernel/attempts.ts";
import type { RedisPort, RedisReply } from "../../shared/redis/port.ts";
import { text } from "../../shared/redis/reply.ts";
import { type SessionCookie, sealCookie } from "./cookie.ts";
import { type SessionKeys, sessionKeys } from "./keys.ts";
import type { SessionPolicy } from "./policy.ts";
import { type SigningSecret, secretOf, successorOf } from "./tokens.ts";

export interface SessionStores {
  readonly redis: RedisPort;
  readonly attempts: Attempts;
}

export interface SessionAccess extends SessionStores {
  readonly instance: string;
  readonly policy: SessionPolicy;
  /** Newest first, at least one. */
  readonly secrets: readonly [SigningSecret, ...SigningSecret[]];
  /** 22 characters of base64url, at random. */
  readonly newId: () => string;
  /** Runs work after the reply has left. */
  readonly afterReply: (work: (stores: SessionStores) => Promise<unknown>) => void;
}

/** Nobody has this session: it never was, has ended, or the token is not of it any more. */
export interface NoSession {
  readonly kind: "no_session";
  /** Whether an attempt of the same call that was not answered may have done its work before. */
  readonly isAmbiguous?: boolean;
}

/** A successor was derived under a secret that this Worker has not got. */
export interface UnknownSecret {
  readonly kind: "unknown_secret";
}

export function keysOf({ instance }: SessionAccess, cookie: SessionCookie): SessionKeys {
  return sessionKeys({ instance, tenant: cookie.tenant }, cookie);
}

/** A random token of 256 bits. */
export function newToken({ newId }: SessionAccess): string {
  return (newId() + newId()).slice(0, 43);
}

/** As the caller is to send it from now on. */
export function sealed(
  access: SessionAccess,
  cookie: SessionCookie,
  secret: SigningSecret,
): string {
  return sealCookie(cookie, access.instance, secret);
}

/**
 * What a caller who came with an old token should be given: the cookie of the successor, always the same.
 * Null for the present token, and where this Worker has not got the secret (another one has).
 *
 * @param kid as a script tells it: '' for the present token
 */
export function successorCookie(
  access: SessionAccess,
  cookie: SessionCookie,
  kid: string,
): string | null {
  const secret = kid === "" ? null : secretOf(access.secrets, kid);
  if (secret === null) return null;
  const token = successorOf(cookie.token, secret);
  return sealed(access, { ...cookie, token }, { kid, secret });
}

/** What all attempts of a write together were told, where the store keeps no answers to it. */
export function afterAll<Reply extends { readonly kind: string }>({
  reply,
  wasAmbiguous,
}: Written<Reply>): Reply {
  return wasAmbiguous && reply.kind === "no_session" ? { ...reply, isAmbiguous: true } : reply;
}

/** Reads a script's word that there is no such session. */
export function noSessionOf(reply: RedisReply | undefined): NoSession | null {
  return text(reply) === "no_session" ? { kind: "no_session" } : null;
}
