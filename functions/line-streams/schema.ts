/**
 * @module
 * What line-streams accepts and answers.
 */
import * as z from "zod";
import { Name, queryInteger } from "../http/names.ts";
import { LETTERS_PAGE_MAX } from "./dead-letters.ts";
import { DELIVERIES_MAX, VISIBILITY_MS_MAX, VISIBILITY_MS_MIN } from "./group.ts";
import { placeOf } from "./message-id.ts";
import { PENDING_PAGE_MAX } from "./pending.ts";
import { POLL_MAX, WAIT_MS_MAX } from "./poll.ts";
import { BATCH_MAX } from "./produce.ts";
import { DELAY_MS_MAX, RECEIPTS_MAX } from "./settle.ts";
import { LENGTH_MAX, PARTITIONS_MAX, RETENTION_MS_MAX } from "./topic.ts";

const KEY_CHARACTERS_MAX = 512;
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

const CURSOR_CHARACTERS_MAX = 64;
const Cursor = z.string().min(1).max(CURSOR_CHARACTERS_MAX);
const NextCursor = z
  .string()
  .nullable()
  .meta({ description: "Opaque; give it back to read on. Null at the end" });
const LIMIT_DEFAULT = 100;
const Count = z.int().min(0);

export const PendingQuery = z.strictObject({
  consumer: Name.optional(),
  limit: queryInteger({ min: 1, max: PENDING_PAGE_MAX }).default(LIMIT_DEFAULT),
  cursor: Cursor.optional(),
});

export const PendingReply = z.strictObject({
  pending: z.array(
    z.strictObject({
      id: MessageId,
      partition: Partition,
      consumer: Name.nullable().meta({
        description: "Null when it was taken away from a consumer and nobody has it yet",
      }),
      deliveries: Count,
      idleMs: Count.meta({ description: "Since it was handed out or taken away" }),
    }),
  ),
  cursor: NextCursor,
});

export const ReassignBody = z
  .strictObject({
    from: Name,
    to: Name,
    minIdleMs: z.int().min(0).max(VISIBILITY_MS_MAX).default(0),
  })
  .refine(({ from, to }) => from !== to, { error: "must not be from", path: ["to"] });

export const MovedReply = z.strictObject({ moved: Count });
export const TransferredReply = z.strictObject({ transferred: Count });

export const LettersQuery = z.strictObject({
  limit: queryInteger({ min: 1, max: LETTERS_PAGE_MAX }).default(LETTERS_PAGE_MAX),
  cursor: Cursor.optional(),
});

export const LettersReply = z.strictObject({
  deadLetters: z.array(
    z.strictObject({
      id: MessageId,
      partition: Partition,
      key: Key.nullable(),
      payload: Payload,
      deliveries: z.int().min(1),
      consumer: z.string().meta({ description: "Who had it last" }),
      cause: z.literal("max_deliveries"),
      producedAt: z.int(),
      diedAt: z.int(),
    }),
  ),
  cursor: NextCursor,
});

export const RedriveBody = z.strictObject({
  ids: z
    .array(MessageId.refine((id) => placeOf(id) !== null, { error: "must be the id of a message" }))
    .min(1)
    .max(LETTERS_PAGE_MAX)
    .optional()
    .meta({ description: "Default: all, up to 1,000 a call" }),
});

export const RedrivenReply = z.strictObject({ redriven: Count });

export const StatsReply = z.strictObject({
  length: Count.meta({ description: "Messages in the topic" }),
  partitions: z.array(Count).meta({ description: "Messages in each partition" }),
  groups: z.array(
    z.strictObject({
      group: Name,
      lag: Count.meta({ description: "Messages never handed out" }),
      pending: Count.meta({ description: "Handed out and not acknowledged" }),
      oldestPendingMs: Count.nullable().meta({
        description: "How long ago the oldest of these was produced",
      }),
      dead: Count.meta({ description: "Dead letters" }),
      consumers: z.array(
        z.strictObject({
          consumer: Name,
          pending: Count,
          idleMs: Count.meta({ description: "Since it last polled or extended" }),
          alive: z.boolean(),
        }),
      ),
    }),
  ),
});

export const SubscribeQuery = z.strictObject({ consumer: Name });
