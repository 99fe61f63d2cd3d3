/**
 * @module
 * The endpoints of line-streams as data: what each accepts and what it answers.
 */
import type { EndpointSpec } from "../http/endpoint.ts";
import { IDEMPOTENCY_KEY, LAST_EVENT_ID } from "../http/headers.ts";
import {
  AckBody,
  ConsumerParams,
  ExtendBody,
  GroupBody,
  GroupParams,
  GroupReply,
  LettersQuery,
  LettersReply,
  MessagesBody,
  MovedReply,
  NackBody,
  PendingQuery,
  PendingReply,
  PollBody,
  PollReply,
  ProducedReply,
  ReassignBody,
  RedriveBody,
  RedrivenReply,
  SettledReply,
  StatsReply,
  SubscribeQuery,
  TopicBody,
  TopicParams,
  TopicReply,
  TransferredReply,
} from "./schema.ts";

const STORE_PROBLEMS = { 503: ["redis_unavailable"], 504: ["deadline"] } as const;

export const PUT_TOPIC = {
  operation: "line-streams.put-topic",
  summary: "Create a topic, or change its limits; its partitions cannot change",
  scope: "write",
  mutates: true,
  params: TopicParams,
  body: TopicBody,
  replies: {
    200: { description: "It exists, now with these limits", schema: TopicReply },
    201: { description: "Created", schema: TopicReply },
  },
  problems: { 409: ["topic_differs", "too_many_topics"], ...STORE_PROBLEMS },
} as const satisfies EndpointSpec;

export const GET_TOPIC = {
  operation: "line-streams.get-topic",
  summary: "Read a topic's configuration",
  scope: "read",
  mutates: false,
  params: TopicParams,
  replies: { 200: { description: "The configuration", schema: TopicReply } },
  problems: { 404: ["no_such_topic"], ...STORE_PROBLEMS },
} as const satisfies EndpointSpec;

export const PRODUCE = {
  operation: "line-streams.produce",
  summary: "Append a message, or up to 100, all or none",
  scope: "write",
  mutates: true,
  params: TopicParams,
  body: MessagesBody,
  headers: [IDEMPOTENCY_KEY],
  replies: {
    201: {
      description: "Where it is, or where they are, in the order sent",
      schema: ProducedReply,
      headers: {
        "Idempotency-Replayed":
          "`true` when an earlier request with this Idempotency-Key was answered so",
      },
    },
  },
  problems: {
    409: ["too_many_topics"],
    413: ["too_large"],
    422: ["idempotency_mismatch"],
    429: ["backlog_full"],
    ...STORE_PROBLEMS,
  },
} as const satisfies EndpointSpec;

export const PUT_GROUP = {
  operation: "line-streams.put-group",
  summary: "Create a group of consumers; its configuration cannot change afterwards",
  scope: "write",
  mutates: true,
  params: GroupParams,
  body: GroupBody,
  replies: {
    200: { description: "It exists with this configuration", schema: GroupReply },
    201: { description: "Created", schema: GroupReply },
  },
  problems: { 409: ["group_differs", "too_many_groups", "too_many_topics"], ...STORE_PROBLEMS },
} as const satisfies EndpointSpec;

export const GET_GROUP = {
  operation: "line-streams.get-group",
  summary: "Read a group's configuration",
  scope: "read",
  mutates: false,
  params: GroupParams,
  replies: { 200: { description: "The configuration", schema: GroupReply } },
  problems: { 404: ["no_such_group"], ...STORE_PROBLEMS },
} as const satisfies EndpointSpec;

export const POLL = {
  operation: "line-streams.poll",
  summary: "Take messages, waiting for them if there are none",
  scope: "write",
  mutates: true,
  params: GroupParams,
  body: PollBody,
  replies: {
    200: {
      description:
        "Messages, each this consumer's for the group's visibilityMs; none when the wait ends",
      schema: PollReply,
    },
  },
  problems: {
    404: ["no_such_group"],
    409: ["too_many_consumers"],
    429: ["too_many_pending", "too_many_waiters"],
    503: ["redis_unavailable", "durable_object_unavailable"],
    504: ["deadline"],
  },
} as const satisfies EndpointSpec;

const SETTLE = {
  scope: "write",
  mutates: true,
  params: GroupParams,
  replies: {
    200: {
      description:
        "What became of each: ok, stale (handed out again since) or gone (no longer pending)",
      schema: SettledReply,
    },
  },
  problems: { 404: ["no_such_group"], 409: ["stale_receipt"], ...STORE_PROBLEMS },
} as const;

export const ACK = {
  ...SETTLE,
  operation: "line-streams.ack",
  summary: "Acknowledge messages; 409 when none of the receipts is good",
  body: AckBody,
} as const satisfies EndpointSpec;

export const NACK = {
  ...SETTLE,
  operation: "line-streams.nack",
  summary: "Put messages back, to be handed out again at once or after a delay",
  body: NackBody,
} as const satisfies EndpointSpec;

export const EXTEND = {
  ...SETTLE,
  operation: "line-streams.extend",
  summary: "Keep messages longer; their receipts stay good",
  body: ExtendBody,
} as const satisfies EndpointSpec;

const GROUP_PROBLEMS = { 404: ["no_such_group"], ...STORE_PROBLEMS } as const;

export const DELETE_TOPIC = {
  operation: "line-streams.delete-topic",
  summary: "Delete a topic with its groups and messages, also when there is none",
  scope: "admin",
  mutates: true,
  params: TopicParams,
  replies: { 204: { description: "There is no such topic any more" } },
  problems: STORE_PROBLEMS,
} as const satisfies EndpointSpec;

export const STATS = {
  operation: "line-streams.stats",
  summary: "How long a topic is, and how far each group has come",
  scope: "read",
  mutates: false,
  params: TopicParams,
  replies: { 200: { description: "At one instant", schema: StatsReply } },
  problems: { 404: ["no_such_topic"], ...STORE_PROBLEMS },
} as const satisfies EndpointSpec;

export const DELETE_GROUP = {
  operation: "line-streams.delete-group",
  summary: "Delete a group with its dead letters, also when there is none; messages stay",
  scope: "admin",
  mutates: true,
  params: GroupParams,
  replies: { 204: { description: "There is no such group any more" } },
  problems: STORE_PROBLEMS,
} as const satisfies EndpointSpec;

export const PENDING = {
  operation: "line-streams.pending",
  summary: "Who holds what",
  scope: "read",
  mutates: false,
  params: GroupParams,
  query: PendingQuery,
  replies: { 200: { description: "In the order of partitions and ids", schema: PendingReply } },
  problems: GROUP_PROBLEMS,
} as const satisfies EndpointSpec;

export const REASSIGN = {
  operation: "line-streams.reassign",
  summary: "Make what one consumer holds another's, due at once; its receipts become stale",
  scope: "write",
  mutates: true,
  params: GroupParams,
  body: ReassignBody,
  replies: { 200: { description: "How many messages were moved", schema: MovedReply } },
  problems: { ...GROUP_PROBLEMS, 409: ["too_many_consumers"] },
} as const satisfies EndpointSpec;

export const REMOVE_CONSUMER = {
  operation: "line-streams.remove-consumer",
  summary: "Forget a consumer; what it holds is handed out again at once",
  scope: "write",
  mutates: true,
  params: ConsumerParams,
  replies: {
    200: { description: "How many messages it held", schema: TransferredReply },
  },
  problems: GROUP_PROBLEMS,
} as const satisfies EndpointSpec;

export const DEAD_LETTERS = {
  operation: "line-streams.dead-letters",
  summary: "Messages handed out as often as allowed and never acknowledged",
  scope: "read",
  mutates: false,
  params: GroupParams,
  query: LettersQuery,
  replies: { 200: { description: "The oldest message first", schema: LettersReply } },
  problems: GROUP_PROBLEMS,
} as const satisfies EndpointSpec;

export const REDRIVE = {
  operation: "line-streams.redrive",
  summary: "Send dead letters once more, to this group only, as new messages",
  scope: "write",
  mutates: true,
  params: GroupParams,
  body: RedriveBody,
  replies: { 200: { description: "How many were sent", schema: RedrivenReply } },
  problems: GROUP_PROBLEMS,
} as const satisfies EndpointSpec;

export const SUBSCRIBE = {
  operation: "line-streams.subscribe",
  summary: "Take messages as server-sent events, each with its receipt",
  scope: "write",
  mutates: true,
  params: GroupParams,
  query: SubscribeQuery,
  headers: [LAST_EVENT_ID],
  replies: {
    200: {
      description:
        "Events `message`, each a message as poll returns it; a comment at least every 10 s; ends after five minutes",
      contentType: "text/event-stream",
    },
  },
  problems: GROUP_PROBLEMS,
} as const satisfies EndpointSpec;
