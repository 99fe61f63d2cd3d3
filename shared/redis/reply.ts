/**
 * @module
 * Reading what Redis answered. A reply that has another shape than the script promises comes from a
 * broken store or a broken path to it, so it is a failed dependency and never a bug of the caller.
 */
import type { Expired } from "../kernel/attempts.ts";
import type { RedisReply } from "./port.ts";

/** Raised by the readers below; `defineScript` turns it into an UpstreamError. */
export class MalformedReply extends Error {
  override readonly name = "MalformedReply";
}

/** Redis integers arrive as numbers or, as members of a Lua table of strings, as digits. */
export function integer(reply: RedisReply | undefined): number {
  const parsed = typeof reply === "string" && /^-?\d+$/.test(reply) ? Number(reply) : reply;
  if (typeof parsed !== "number" || !Number.isSafeInteger(parsed)) throw new MalformedReply();
  return parsed;
}

export function text(reply: RedisReply | undefined): string {
  if (typeof reply !== "string") throw new MalformedReply();
  return reply;
}

export function list(reply: RedisReply | undefined): readonly RedisReply[] {
  if (typeof reply !== "object" || reply === null) throw new MalformedReply();
  return reply;
}

/** Reads null as null and anything else with `read`. Lua's `false` arrives as null. */
export function nullable<Value>(
  reply: RedisReply | undefined,
  read: (reply: RedisReply) => Value,
): Value | null {
  return reply === null || reply === undefined ? null : read(reply);
}

/** Reads `{ 'expired', now }`: with it a script refuses a write that came too late by its own clock. */
export function expired(reply: RedisReply): Expired {
  const [kind, now] = list(reply);
  if (kind !== "expired") throw new MalformedReply();
  return { kind, storeNowMs: integer(now) };
}
