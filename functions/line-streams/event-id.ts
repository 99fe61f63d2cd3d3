/**
 * @module
 * What an event of a subscription is called, so that a consumer that comes back can say what it heard last:
 * when its delivery was claimed, the nonce of that, and what was claimed with it and not yet sent.
 *
 *     1.<claimedAtMs>.<nonce>.<partition>:<stream id>,…
 */
import type { MessagePlace } from "./message-id.ts";

export interface EventId {
  /** By the store's clock. */
  readonly claimedAtMs: number;
  readonly nonce: string;
  readonly unsent: readonly MessagePlace[];
}

const EVENT_ID_CHARACTERS_MAX = 2_048;

const EVENT_ID = /^1\.(\d{1,15})\.([A-Za-z0-9_-]{16,64})\.((?:\d{1,2}:\d{1,15}-\d{1,15},)*)$/;

export function encodeEventId({ claimedAtMs, nonce, unsent }: EventId): string {
  const rest = unsent.map(({ partition, streamId }) => `${partition}:${streamId},`).join("");
  return `1.${claimedAtMs}.${nonce}.${rest}`;
}

/** Null for anything that `encodeEventId` cannot have written. */
export function decodeEventId(text: string): EventId | null {
  if (text.length > EVENT_ID_CHARACTERS_MAX) return null;
  const [, claimedAt, nonce, rest] = EVENT_ID.exec(text) ?? [];
  if (nonce === undefined || rest === undefined) return null;
  const unsent = rest
    .split(",")
    .filter((place) => place !== "")
    .map((place) => {
      const [partition, streamId = ""] = place.split(":");
      return { partition: Number(partition), streamId };
    });
  return { claimedAtMs: Number(claimedAt), nonce, unsent };
}
