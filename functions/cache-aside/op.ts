import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js";
import type { Op } from "./items.ts";

const HASH_BYTES = 16;

export interface WriteRequest {
  readonly method: "PUT" | "DELETE";
  /** The caller's `Idempotency-Key`. */
  readonly idempotencyKey: string | undefined;
  /** As it was sent; empty for a deletion. */
  readonly body: string;
}

/**
 * The op id of a write. The caller's key counts per tenant, method and path: tenant and path are the record's
 * own, so only the method goes in. Without a key the id is fresh, and no other body can come with it.
 */
export function opOf({ method, idempotencyKey, body }: WriteRequest, newId: () => string): Op {
  if (idempotencyKey === undefined) return { id: hash(`worker ${newId()}`), body: "", nonce: "" };
  return { id: hash(`${method} ${idempotencyKey}`), body: hash(body), nonce: newId() };
}

function hash(text: string): string {
  return bytesToHex(sha256(utf8ToBytes(text)).subarray(0, HASH_BYTES));
}
