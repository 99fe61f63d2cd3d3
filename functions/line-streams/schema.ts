/**
 * @module
 * What line-streams accepts and answers.
 */
import * as z from "zod";
import { Name } from "../http/names.ts";
import { DELIVERIES_MAX, VISIBILITY_MS_MAX, VISIBILITY_MS_MIN } from "./group.ts";
import { placeOf } from "./message-id.ts";
import { POLL_MAX, WAIT_MS_MAX } from "./poll.ts";
import { BATCH_MAX } from "./produce.ts";
import { DELAY_MS_MAX, RECEIPTS_MAX } from "./settle.ts";
import { LENGTH_MAX, PARTITIONS_MAX, RETENTION_MS_MAX } from "./topic.ts";

export const KEY_CHARACTERS_MAX = 512;
export const PAYLOAD_BYTES_MAX = 64 * 1024;

export const TopicParams = z.strictObject({ topic: Name });
export const GroupParams = z.strictObject({ topic: Name, group: Name });
export const ConsumerParams = z.strictObject({ topic: Name, group: Name, consumer: Name });

const limits = {
  maxLength: z.int().min(1).max(LENGTH_MAX).meta({
    description: "Messages of one partition; beyond it old ones go, but none unacknowledged",
  }),
  retentionMs: z.int().min(1).max(RETENTION_MS_MAX).meta({
    description: "Older messages go, but none unacknowledged",
  }),
};

const Partitions = z.int().min(1).max(PARTITIONS_MAX);

export const TopicBody = z.strictObject({
  partitions: Partitions.meta({ description: "Cannot change: the order of keys hangs on it" }),
  maxLength: limits.maxLength.optional(),
  retentionMs: limits.retentionMs.optional(),
});

export const TopicReply = z.strictObject({
  topic: Name,
  partitions: Partitions,
  maxLength: limits.maxLength.nullable(),
  retentionMs: limits.retentionMs.nullable(),
  createdAt: z.int(),
});

const Key = z
  .string()
  .min(1)
  .max(KEY_CHARACTERS_MAX)
  .refine((key) => !/\p{Surrogate}/u.test(key), { error: "must be well-formed Unicode" })
  .meta({ description: "Messages with one key keep their order" });

const Payload = z.unknown().meta({
  description: `Any JSON value of at most ${PAYLOAD_BYTES_MAX} bytes; comes back as it was written`,
});

const hasPayload = (message: { readonly payload?: unknown }) => message.payload !== undefined;
const NEEDS_PAYLOAD = { error: "is missing", path: ["payload"] };

const Message = z
  .strictObject({ key: Key.optional(), payload: Payload })
  .refine(hasPayload, NEEDS_PAYLOAD);

/** One message, or several. */
export const MessagesBody = z
  .strictObject({
    key: Key.optional(),
    payload: Payload.optional(),
    messages: z
      .array(Message)
      .min(1)
      .max(BATCH_MAX)
      .optional()
      .meta({ description: "Instead of `key` and `payload`: all are appended, or none" }),
  })
  .refine((body) => hasPayload(body) || body.messages !== undefined, NEEDS_PAYLOAD)
  .refine((body) => body.messages === undefined || !("key" in body || "payload" in body), {
    error: "excludes key and payload",
    path: ["messages"],
  });

const MessageId = z
  .string()
  .meta({ description: "`<ms>-<sequence>-<partition>`, unique in the topic" });
const Partition = z
  .int()
  .min(0)
  .max(PARTITIONS_MAX - 1);
const Place = z.strictObject({ id: MessageId, partition: Partition });

export const ProducedReply = z.union([Place, z.strictObject({ results: z.array(Place) })]);

const From = z
  .string()
  .refine((from) => from === "earliest" || from === "latest" || placeOf(from) !== null, {
    error: "must be earliest, latest or the id of a message",
  })
  .meta({
    description: "`earliest`, `latest`, or the id of a message: begins behind that instant",
  });

const VisibilityMs = z.int().min(VISIBILITY_MS_MIN).max(VISIBILITY_MS_MAX);

const definition = {
  from: From,
  visibilityMs: VisibilityMs.meta({
    description: "How long a message is its consumer's before it is handed out again",
  }),
  maxDeliveries: z.int().min(1).max(DELIVERIES_MAX).meta({
    description: "After so many a message that comes due becomes a dead letter",
  }),
};

const Ordered = z.boolean().meta({
  description: "Nothing of a partition is handed out while something before it is unacknowledged",
});

export const GroupBody = z.strictObject({ ...definition, ordered: Ordered.default(false) });

export const GroupReply = z.strictObject({
  topic: Name,
  group: Name,
  ...definition,
  ordered: Ordered,
  createdAt: z.int(),
});

export const PollBody = z.strictObject({
  consumer: Name,
  max: z.int().min(1).max(POLL_MAX),
  waitMs: z.int().min(0).max(WAIT_MS_MAX),
});

const Receipt = z.string().meta({ description: "Opaque; good for this delivery only" });

export const PollReply = z.strictObject({
  messages: z.array(
    z.strictObject({
      id: MessageId,
      partition: Partition,
      key: Key.nullable(),
      payload: Payload,
      deliveries: z.int().min(1),
      receipt: Receipt,
      producedAt: z.int(),
    }),
  ),
});

const Receipts = z.array(Receipt).min(1).max(RECEIPTS_MAX);

export const AckBody = z.strictObject({ receipts: Receipts });
export const NackBody = z.strictObject({
  receipts: Receipts,
  delayMs: z.int().min(0).max(DELAY_MS_MAX).default(0),
});
export const ExtendBody = z.strictObject({ receipts: Receipts, visibilityMs: VisibilityMs });

export const SettledReply = z.strictObject({
  results: z.array(z.strictObject({ receipt: Receipt, status: z.enum(["ok", "stale", "gone"]) })),
});
