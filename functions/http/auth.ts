/**
 * @module
 * Who calls. A bearer key is looked up by its SHA-256, so that configuration holds no usable secret, and
 * a verified key is remembered in the isolate for `VERIFIED_TTL_MS` so that a busy caller pays for one hash.
 */
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js";
import type { BoundedCache } from "../../shared/kernel/bounded-cache.ts";

export const SCOPES = ["read", "write", "admin"] as const;

export type Scope = (typeof SCOPES)[number];

export interface Principal {
  /** The key's public name: safe in logs. */
  readonly keyId: string;
  /** Every name a caller gives lives under it. */
  readonly tenant: string;
  readonly scopes: ReadonlySet<Scope>;
}

export const VERIFIED_KEYS_MAX = 1_000;
export const VERIFIED_TTL_MS = 60_000;

/** RFC 6750 section 2.1, one credential. */
const BEARER = /^[Bb]earer ([A-Za-z0-9._~+/-]{1,512}=*)$/;

export interface Keyring {
  /** By lower-case hex SHA-256 of the key. */
  readonly principals: ReadonlyMap<string, Principal>;
  readonly verified: BoundedCache<Principal>;
}

export type Authentication =
  | { readonly kind: "known"; readonly principal: Principal }
  | { readonly kind: "missing" }
  | { readonly kind: "malformed" }
  | { readonly kind: "unknown" };

/** Judges an `Authorization` header; two of them arrive joined by a comma and are malformed. */
export function authenticate(
  keyring: Keyring,
  header: string | undefined,
  nowMs: number,
): Authentication {
  if (header === undefined) return { kind: "missing" };
  const token = BEARER.exec(header)?.[1];
  if (token === undefined) return { kind: "malformed" };
  const remembered = keyring.verified.get(token, nowMs);
  if (remembered !== undefined) return { kind: "known", principal: remembered };
  const principal = keyring.principals.get(bytesToHex(sha256(utf8ToBytes(token))));
  if (principal === undefined) return { kind: "unknown" };
  keyring.verified.set(token, principal, nowMs);
  return { kind: "known", principal };
}
