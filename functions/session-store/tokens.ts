/**
 * @module
 * Tokens: the 256 bits that make a cookie worth something.
 *
 * The store knows a token by its hash only. Where one must be handed out again (to whoever still holds its
 * predecessor, or repeats a creation) it is derived anew from a signing secret and from what the caller
 * brought, so that nobody has to keep it.
 */
import { hmac } from "@noble/hashes/hmac.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js";

/** One key for signing cookies. The first of a list signs; the others are still believed. */
export interface SigningSecret {
  readonly kid: string;
  readonly secret: string;
}

/** Of 256 bits as base64url. */
export const TOKEN_CHARACTERS = 43;

export function secretOf(secrets: readonly SigningSecret[], kid: string): string | null {
  return secrets.find((secret) => secret.kid === kid)?.secret ?? null;
}

/** As the store keeps it. */
export function tokenHash(token: string): string {
  return bytesToHex(sha256(utf8ToBytes(token)));
}

/** The one token that follows `token` when it is rotated under `secret`. */
export function successorOf(token: string, secret: string): string {
  return mac(secret, `session-successor\n${token}`);
}

/** The first token of a session whose creation the caller can repeat. `nonce` is of the first attempt. */
export function createdToken(
  secret: string,
  creation: { readonly idempotencyKey: string; readonly nonce: string },
): string {
  return mac(secret, `session-created\n${creation.idempotencyKey}\n${creation.nonce}`);
}

/** HMAC-SHA-256 as base64url. Texts begin with what they are for, so that no two purposes share one. */
export function mac(secret: string, text: string): string {
  return base64url(hmac(sha256, utf8ToBytes(secret), utf8ToBytes(text)));
}

/** Takes the same time wherever two texts of one length differ. */
export function isSame(a: string, b: string): boolean {
  if (a.length !== b.length) return false;
  let difference = 0;
  for (let i = 0; i < a.length; i += 1) difference |= a.charCodeAt(i) ^ b.charCodeAt(i);
  return difference === 0;
}

function base64url(bytes: Uint8Array): string {
  const text = btoa(String.fromCharCode(...bytes));
  return text.replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}
