import { shortHash } from "../../shared/kernel/short-hash.ts";
import type { Op } from "./items.ts";

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
  if (idempotencyKey === undefined) {
    return { id: shortHash(`worker ${newId()}`), body: "", nonce: "" };
  }
  return { id: shortHash(`${method} ${idempotencyKey}`), body: shortHash(body), nonce: newId() };
}
