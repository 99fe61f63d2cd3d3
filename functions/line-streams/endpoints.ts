/**
 * @module
 * The endpoints of line-streams as data: what each accepts and what it answers.
 */
import type { EndpointSpec } from "../http/endpoint.ts";
import { IDEMPOTENCY_KEY } from "../http/headers.ts";
import {
  AckBody,
  ExtendBody,
  GroupBody,
  GroupParams,
  GroupReply,
  MessagesBody,
  NackBody,
  PollBody,
  PollReply,
  ProducedReply,
  SettledReply,
  TopicBody,
  TopicParams,
  TopicReply,
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
