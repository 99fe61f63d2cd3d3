/**
 * @module
 * Messages as JSON, with each payload as it was written.
 */
import { messageId, producedAtOf } from "./message-id.ts";
import type { Delivery } from "./poll.ts";
import { encodeReceipt } from "./receipt.ts";

export function messagesText(messages: readonly Delivery[]): string {
  return `[${messages.map(messageText).join(",")}]`;
}

/** A message of this pattern's reply; `payload` stands where JSON.stringify would have changed it. */
export function messageText(message: Delivery): string {
  const { partition, deliveries, key, payload, streamId } = message;
  const head = JSON.stringify({ id: messageId(message), partition, key });
  const receipt = encodeReceipt(message);
  const tail = JSON.stringify({ deliveries, receipt, producedAt: producedAtOf(streamId) });
  return `${head.slice(0, -1)},"payload":${payload},${tail.slice(1)}`;
}
