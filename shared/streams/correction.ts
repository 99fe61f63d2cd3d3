import type { Expired } from "../kernel/attempts.ts";
import type { RedisReply } from "../redis/port.ts";
import { expired, list, nullable, text } from "../redis/reply.ts";

/** A script's word that its caller's belief is wrong. Nothing was done. */
export interface Stale {
  readonly kind: "stale";
  /** The configuration there is; null for none. */
  readonly text: string | null;
}

/** Reads the replies that every script may give: a correction, and a write that came too late. */
export function correctionOf(reply: RedisReply): Stale | Expired {
  const [kind, fact] = list(reply);
  return kind === "stale" ? { kind, text: nullable(fact, text) } : expired(reply);
}
