/**
 * @module
 * The script that changes a session, with its types.
 */
import type { Expired, WriteAttempt } from "../../shared/kernel/attempts.ts";
import { ANSWER_MARGIN_MS, type Operation } from "../../shared/kernel/operation.ts";
import { expired, integer, list, MalformedReply, text } from "../../shared/redis/reply.ts";
import { defineScript } from "../../shared/redis/script.ts";
import { keysOf, type NoSession, type SessionAccess } from "./access.ts";
import { type Change, changeArguments } from "./changes.ts";
import type { SessionCookie } from "./cookie.ts";
import { FIELDS_MAX, QUANTITY_MAX, SESSION_BYTES_MAX, SKUS_MAX } from "./policy.ts";
import type { CartLine } from "./record.ts";
import { tokenHash } from "./tokens.ts";
import updateSource from "./update.lua";

/** What a write was told. */
export type UpdateAnswer =
  | { readonly kind: "done"; readonly version: string; readonly cart: readonly CartLine[] }
  /** Another version is current. */
  | { readonly kind: "version"; readonly version: string }
  | { readonly kind: UpdateRefusal };

/** A bound that a write would break. */
export type UpdateRefusal = "too_large" | "too_many_fields" | "cart_full" | "quantity_range";

const REFUSALS = ["too_large", "too_many_fields", "cart_full", "quantity_range"] as const;

export interface Update {
  readonly changes: readonly Change[];
  readonly operation: Operation;
  /** The version that must be current; null for any. */
  readonly version: string | null;
  readonly needsCart: boolean;
  readonly attempt: WriteAttempt;
}

export type UpdateReply =
  | {
      readonly kind: "answer";
      readonly answer: UpdateAnswer;
      readonly isReplay: boolean;
      readonly kid: string;
    }
  | { readonly kind: "mismatch" }
  | NoSession
  | Expired;

/** Sends one attempt. */
export function sendUpdate(
  access: SessionAccess,
  cookie: SessionCookie,
  { changes, operation, version, needsCart, attempt }: Update,
): Promise<UpdateReply> {
  const keys = keysOf(access, cookie);
  const { timeoutMs, expiresAtMs } = attempt;
  return runUpdate(
    access.redis,
    [keys.operation(operation.id), keys.session, keys.user],
    [
      tokenHash(cookie.token),
      expiresAtMs,
      expiresAtMs + operation.answerMs,
      expiresAtMs + ANSWER_MARGIN_MS,
      operation.fingerprint,
      operation.nonce,
      version ?? "",
      access.policy.idleMs,
      SESSION_BYTES_MAX,
      FIELDS_MAX,
      SKUS_MAX,
      QUANTITY_MAX,
      needsCart ? "cart" : "",
      ...changeArguments(changes),
    ],
    { timeoutMs },
  );
}

const runUpdate = defineScript<
  [operation: string, session: string, user: string],
  [
    tokenHash: string,
    expiresAtMs: number,
    answerUntilMs: number,
    refusalUntilMs: number,
    fingerprint: string,
    nonce: string,
    version: string,
    idleMs: number,
    bytesMax: number,
    fieldsMax: number,
    skusMax: number,
    quantityMax: number,
    needsCart: string,
    ...changes: (string | number)[],
  ],
  UpdateReply
>(updateSource, (reply) => {
  const [kind, fact, isReplay, kid] = list(reply);
  switch (kind) {
    case "answer":
      return {
        kind,
        answer: answerOf(text(fact)),
        isReplay: integer(isReplay) === 1,
        kid: text(kid),
      };
    case "mismatch":
    case "no_session":
      return { kind };
    default:
      return expired(reply);
  }
});

function answerOf(answer: string): UpdateAnswer {
  const [kind, version, ...lines] = answer.split(" ");
  const refusal = REFUSALS.find((refusal) => refusal === kind);
  if (refusal !== undefined) return { kind: refusal };
  if (kind === "version") return { kind, version: text(version) };
  if (kind !== "done") throw new MalformedReply();
  return { kind, version: text(version), cart: lines.map(lineOf).sort(bySku) };
}

function lineOf(line: string): CartLine {
  const [sku, quantity] = line.split("=");
  return [text(sku), integer(quantity)];
}

function bySku([a]: CartLine, [b]: CartLine): number {
  return a < b ? -1 : 1;
}
