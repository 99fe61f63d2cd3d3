/**
 * @module
 * From what a producer sent to messages that a topic can take.
 */
import { payloadTexts } from "./payload-text.ts";
import type { NewMessage } from "./produce.ts";
import { PAYLOAD_BYTES_MAX } from "./schema.ts";

interface GivenMessage {
  readonly key?: string | undefined;
}

export type ReadMessages =
  | { readonly kind: "messages"; readonly messages: readonly NewMessage[] }
  /** `at`: where the first payload stands that is too large. */
  | { readonly kind: "too_large"; readonly at: string };

/** `json` is what `body` was parsed from. */
export function newMessages(
  body: GivenMessage & { readonly messages?: readonly GivenMessage[] | undefined },
  json: string,
): ReadMessages {
  const given = body.messages ?? [body];
  const payloads = payloadTexts(json);
  const messages = given.map(({ key }, which) => ({
    key: key ?? null,
    payload: payloads[which] ?? "null",
  }));
  const large = messages.findIndex(({ payload }) => isTooLarge(payload));
  if (large < 0) return { kind: "messages", messages };
  const at = body.messages === undefined ? "body.payload" : `body.messages.${large}.payload`;
  return { kind: "too_large", at };
}

function isTooLarge(text: string): boolean {
  if (text.length > PAYLOAD_BYTES_MAX) return true;
  // A UTF-16 unit takes at most three bytes of UTF-8.
  if (text.length * 3 <= PAYLOAD_BYTES_MAX) return false;
  return new TextEncoder().encode(text).byteLength > PAYLOAD_BYTES_MAX;
}
