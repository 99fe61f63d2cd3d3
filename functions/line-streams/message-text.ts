/**
 * @module
 * Messages as JSON, with each payload as it was written.
 */
import type { DeadLetter } from "./dead-letters.ts";
import { messageId, producedAtOf } from "./message-id.ts";
import type { Delivery } from "./poll.ts";
import { encodeReceipt } from "./receipt.ts";

export function messagesText(messages: readonly Delivery[]): string {
  return `[${messages.map(messageText).join(",")}]`;
}

/** A message of this pattern's reply; `payload` stands where JSON.stringify would have changed it. */
export function messageText(message: Delivery): string {
  const { partition, deliveries, key, payload, streamId } = message;
  const producedAt = producedAtOf(streamId);
  return around({ id: messageId(message), partition, key }, payload, {
    deliveries,
    receipt: encodeReceipt(message),
    producedAt,
  });
}

export function letterText(letter: DeadLetter): string {
  const { id, partition, key, payload, deliveries, consumer, producedAtMs, diedAtMs } = letter;
  const times = { producedAt: producedAtMs, diedAt: diedAtMs };
  return around({ id, partition, key }, payload, {
    deliveries,
    consumer,
    cause: "max_deliveries",
    ...times,
  });
}

function around(head: object, payload: string, tail: object): string {
  return `${JSON.stringify(head).slice(0, -1)},"payload":${payload},${JSON.stringify(tail).slice(1)}`;
}
