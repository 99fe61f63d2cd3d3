/**
 * @module
 * What a consumer shows to acknowledge a message: which message, and the nonce of its delivery. Each claim,
 * put-back and reassignment gives the message another nonce, so a receipt is good for one delivery.
 *
 *     1.<partition>.<stream id>.<nonce>
 */
import type { MessagePlace } from "./message-id.ts";

export interface Receipt extends MessagePlace {
  readonly nonce: string;
}

const RECEIPT = /^1\.(\d{1,2})\.(\d{1,15}-\d{1,15})\.([A-Za-z0-9_-]{16,64})$/;

export function encodeReceipt({ partition, streamId, nonce }: Receipt): string {
  return `1.${partition}.${streamId}.${nonce}`;
}

/** Null for anything that `encodeReceipt` cannot have written. */
export function decodeReceipt(text: string): Receipt | null {
  const [, partition, streamId, nonce] = RECEIPT.exec(text) ?? [];
  if (streamId === undefined || nonce === undefined) return null;
  return { partition: Number(partition), streamId, nonce };
}
