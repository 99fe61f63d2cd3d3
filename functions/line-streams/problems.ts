/**
 * @module
 * The problems that only line-streams has.
 */
import type { Context } from "hono";
import { WAITERS_MAX } from "../../shared/streams/bounds.ts";
import type { AppEnv } from "../http/app-env.ts";
import { type FieldError, problem } from "../http/problem.ts";
import { CONSUMERS_MAX, GROUPS_MAX, PENDING_MAX } from "./group.ts";
import { BACKLOG_RETRY_MS } from "./produce.ts";
import { PAYLOAD_BYTES_MAX } from "./schema.ts";
import type { ReceiptStatus } from "./settle.ts";
import { TOPICS_MAX } from "./topic.ts";

type Ctx = Context<AppEnv>;

/** `outcome` besides, where a write was refused. */
const NOT_APPLIED = { outcome: "not_applied" } as const;

function outcomeOf(c: Ctx) {
  return c.get("endpoint")?.mutates ? NOT_APPLIED : {};
}

export function noSuchTopic(c: Ctx): Response {
  return problem(c, {
    status: 404,
    code: "no_such_topic",
    title: "No such topic",
    detail: "Create it first: PUT /line-streams/topics/{topic}, or produce a message to it.",
    ...outcomeOf(c),
  });
}

export function noSuchGroup(c: Ctx): Response {
  return problem(c, {
    status: 404,
    code: "no_such_group",
    title: "No such group",
    detail: "Create it first: PUT /line-streams/topics/{topic}/groups/{group}.",
    ...outcomeOf(c),
  });
}

export function topicDiffers(c: Ctx, partitions: number): Response {
  return problem(c, {
    status: 409,
    code: "topic_differs",
    title: "Topic differs",
    detail:
      "The topic exists with another number of partitions, which cannot change: the order of keys hangs on it.",
    errors: [{ at: "body.partitions", message: `is ${partitions} on the topic` }],
  });
}

export function groupDiffers(c: Ctx, errors: readonly FieldError[]): Response {
  return problem(c, {
    status: 409,
    code: "group_differs",
    title: "Group differs",
    detail:
      "The group exists with another configuration, which cannot change. Use another name, or delete it first.",
    errors,
  });
}

export function tooManyTopics(c: Ctx): Response {
  return problem(c, {
    status: 409,
    code: "too_many_topics",
    title: "Too many topics",
    detail: `A tenant has at most ${TOPICS_MAX} topics. Delete some first.`,
  });
}

export function tooManyGroups(c: Ctx): Response {
  return problem(c, {
    status: 409,
    code: "too_many_groups",
    title: "Too many groups",
    detail: `A topic has at most ${GROUPS_MAX} groups. Delete some first.`,
  });
}

export function tooManyConsumers(c: Ctx): Response {
  return problem(c, {
    status: 409,
    code: "too_many_consumers",
    title: "Too many consumers",
    detail: `A group has at most ${CONSUMERS_MAX} consumers. Remove some, or poll under a name it knows.`,
  });
}

export function tooManyPending(c: Ctx): Response {
  return problem(c, {
    status: 429,
    code: "too_many_pending",
    title: "Too many unacknowledged",
    detail: `A consumer holds at most ${PENDING_MAX} unacknowledged messages. Acknowledge some first.`,
    ...NOT_APPLIED,
  });
}

export function tooManyWaiters(c: Ctx): Response {
  return problem(c, {
    status: 429,
    code: "too_many_waiters",
    title: "Too many waiters",
    detail: `At most ${WAITERS_MAX} polls wait on a topic at once. Poll with waitMs 0, or later.`,
    ...NOT_APPLIED,
  });
}

export function backlogFull(c: Ctx): Response {
  return problem(c, {
    status: 429,
    code: "backlog_full",
    title: "Backlog full",
    detail:
      "A partition is as long as it may be and its oldest messages are not acknowledged by every group. Nothing was appended.",
    retryAfterMs: BACKLOG_RETRY_MS,
    ...NOT_APPLIED,
  });
}

export function batchTooLarge(c: Ctx): Response {
  return problem(c, {
    status: 413,
    code: "too_large",
    title: "Too large",
    detail:
      "These are more messages of one partition than the topic's maxLength. Send fewer at once, or put the topic with another maxLength.",
    errors: [{ at: "body.messages", message: "must have at most maxLength for each partition" }],
    ...NOT_APPLIED,
  });
}

export function payloadTooLarge(c: Ctx, at: string): Response {
  return problem(c, {
    status: 413,
    code: "too_large",
    title: "Too large",
    detail: `A payload may have at most ${PAYLOAD_BYTES_MAX} bytes as JSON.`,
    errors: [{ at, message: `must have at most ${PAYLOAD_BYTES_MAX} bytes as JSON` }],
    ...NOT_APPLIED,
  });
}

export function staleReceipt(c: Ctx, statuses: readonly ReceiptStatus[]): Response {
  return problem(c, {
    status: 409,
    code: "stale_receipt",
    title: "Stale receipt",
    detail:
      "None of these receipts is good any more: the messages were handed out again (stale), or are acknowledged or dead letters (gone).",
    errors: statuses.map((status, which) => ({ at: `body.receipts.${which}`, message: status })),
  });
}

export function badCursor(c: Ctx): Response {
  return problem(c, {
    status: 400,
    code: "bad_cursor",
    title: "Bad cursor",
    detail: "Give back a cursor exactly as it was received, or leave it out to begin anew.",
    errors: [{ at: "query.cursor", message: "is not a cursor" }],
  });
}
