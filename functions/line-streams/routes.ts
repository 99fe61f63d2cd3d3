/**
 * @module
 * HTTP face of line-streams. A route parses, makes one call into the pattern, and chooses a status.
 */
import { type Context, Hono } from "hono";
import { attemptRead } from "../../shared/kernel/attempts.ts";
import type { AppEnv } from "../http/app-env.ts";
import { endpoint } from "../http/endpoint.ts";
import { eventStream } from "../http/event-stream.ts";
import { IDEMPOTENCY_KEY, LAST_EVENT_ID } from "../http/headers.ts";
import { badHeader, idempotencyMismatch, invalid } from "../http/problems.ts";
import { groupBelief, readConfig, topicBelief } from "./access.ts";
import { consume } from "./consume.ts";
import {
  ACK,
  EXTEND,
  GET_GROUP,
  GET_TOPIC,
  NACK,
  POLL,
  PRODUCE,
  PUT_GROUP,
  PUT_TOPIC,
  SUBSCRIBE,
} from "./endpoints.ts";
import { decodeEventId } from "./event-id.ts";
import { differences, type Group } from "./group.ts";
import { putGroup } from "./groups.ts";
import { manageRoutes } from "./manage-routes.ts";
import { messageId } from "./message-id.ts";
import { messagesText } from "./message-text.ts";
import { newMessages } from "./new-messages.ts";
import {
  backlogFull,
  batchTooLarge,
  groupDiffers,
  noSuchGroup,
  noSuchTopic,
  payloadTooLarge,
  staleReceipt,
  tooManyConsumers,
  tooManyGroups,
  tooManyPending,
  tooManyTopics,
  tooManyWaiters,
  topicDiffers,
} from "./problems.ts";
import { produce } from "./produce.ts";
import { decodeReceipt, type Receipt } from "./receipt.ts";
import { accessFor, accessOf } from "./request-access.ts";
import { type Settlement, settle } from "./settle.ts";
import { eventsOf, resume } from "./subscribe.ts";
import type { Topic } from "./topic.ts";
import { putTopic } from "./topics.ts";

type Ctx = Context<AppEnv>;

export const lineStreamsRoutes = new Hono<AppEnv>()
  .put("/topics/:topic", endpoint(PUT_TOPIC), async (c) => {
    const { topic } = c.req.valid("param");
    const { partitions, maxLength = null, retentionMs = null } = c.req.valid("json");
    const put = await putTopic(accessOf(c), topic, { partitions, maxLength, retentionMs });
    switch (put.kind) {
      case "created":
        return c.json(topicReply(topic, put.topic), 201);
      case "changed":
      case "unchanged":
        return c.json(topicReply(topic, put.topic), 200);
      case "differs":
        return topicDiffers(c, put.topic.partitions);
      case "too_many_topics":
        return tooManyTopics(c);
    }
  })
  .get("/topics/:topic", endpoint(GET_TOPIC), async (c) => {
    const { topic } = c.req.valid("param");
    const access = accessOf(c);
    const found = await attemptRead(access.attempts, (timeoutMs) =>
      readConfig(access, topicBelief(access, topic), { timeoutMs }),
    );
    return found === null ? noSuchTopic(c) : c.json(topicReply(topic, found), 200);
  })
  .post("/topics/:topic/messages", endpoint(PRODUCE), async (c) => {
    const { topic } = c.req.valid("param");
    const body = c.req.valid("json");
    const read = newMessages(body, c.get("bodyText"));
    if (read.kind === "too_large") return payloadTooLarge(c, read.at);
    const idempotencyKey = c.req.header(IDEMPOTENCY_KEY.name) ?? null;
    const produced = await produce(accessOf(c), topic, read.messages, idempotencyKey);
    switch (produced.kind) {
      case "appended": {
        if (produced.isReplay) c.header("Idempotency-Replayed", "true");
        const results = produced.places.map((place) => ({
          id: messageId(place),
          partition: place.partition,
        }));
        return c.json(body.messages === undefined ? results[0] : { results }, 201);
      }
      case "backlog_full":
        return backlogFull(c);
      case "beyond_length":
        return batchTooLarge(c);
      case "idempotency_mismatch":
        return idempotencyMismatch(c);
      case "too_many_topics":
        return tooManyTopics(c);
    }
  })
  .put("/topics/:topic/groups/:group", endpoint(PUT_GROUP), async (c) => {
    const { topic, group } = c.req.valid("param");
    const wanted = c.req.valid("json");
    const put = await putGroup(accessOf(c), topic, group, wanted);
    switch (put.kind) {
      case "created":
        return c.json(groupReply(topic, group, put.group), 201);
      case "unchanged":
        return c.json(groupReply(topic, group, put.group), 200);
      case "differs":
        return groupDiffers(
          c,
          differences(put.group, wanted).map(({ field, present }) => ({
            at: `body.${field}`,
            message: `is ${present} on the group`,
          })),
        );
      case "too_many_groups":
        return tooManyGroups(c);
      case "too_many_topics":
        return tooManyTopics(c);
    }
  })
  .get("/topics/:topic/groups/:group", endpoint(GET_GROUP), async (c) => {
    const { topic, group } = c.req.valid("param");
    const access = accessOf(c);
    const found = await attemptRead(access.attempts, (timeoutMs) =>
      readConfig(access, groupBelief(access, topic, group), { timeoutMs }),
    );
    return found === null ? noSuchGroup(c) : c.json(groupReply(topic, group, found), 200);
  })
  .post("/topics/:topic/groups/:group/poll", endpoint(POLL), async (c) => {
    const { topic, group } = c.req.valid("param");
    const { consumer, max, waitMs } = c.req.valid("json");
    c.get("deps").extendDeadline(waitMs);
    const polled = await consume(
      accessOf(c),
      { topic, group, consumer, max, waitMs },
      c.req.raw.signal,
    );
    switch (polled.kind) {
      case "messages":
        return c.body(`{"messages":${messagesText(polled.messages)}}`, 200, {
          "Content-Type": "application/json",
        });
      case "no_such_group":
        return noSuchGroup(c);
      case "too_many_pending":
        return tooManyPending(c);
      case "too_many_consumers":
        return tooManyConsumers(c);
      case "too_many_waiters":
        return tooManyWaiters(c);
    }
  })
  .post(
    "/topics/:topic/groups/:group/ack",
    endpoint(ACK),
    async (c) =>
      await settled(c, c.req.valid("param"), c.req.valid("json").receipts, { kind: "ack" }),
  )
  .post("/topics/:topic/groups/:group/nack", endpoint(NACK), (c) => {
    const { receipts, delayMs } = c.req.valid("json");
    return settled(c, c.req.valid("param"), receipts, { kind: "nack", delayMs });
  })
  .post("/topics/:topic/groups/:group/extend", endpoint(EXTEND), (c) => {
    const { receipts, visibilityMs } = c.req.valid("json");
    return settled(c, c.req.valid("param"), receipts, { kind: "extend", visibilityMs });
  })
  .get("/topics/:topic/groups/:group/subscribe", endpoint(SUBSCRIBE), async (c) => {
    const subscription = { ...c.req.valid("param"), ...c.req.valid("query") };
    const { topic, group } = subscription;
    const access = accessOf(c);
    const known = await attemptRead(access.attempts, (timeoutMs) =>
      readConfig(access, groupBelief(access, topic, group), { timeoutMs }),
    );
    if (known === null) return noSuchGroup(c);
    const last = c.req.header(LAST_EVENT_ID.name);
    const heard = last === undefined ? null : decodeEventId(last);
    if (last !== undefined && heard === null) {
      return badHeader(c, { at: `header.${LAST_EVENT_ID.name}`, message: LAST_EVENT_ID.rule });
    }
    if (heard !== null) await resume(access, subscription, heard);
    return eventStream(c, (signal) =>
      eventsOf(subscription, (deadlineMs) => accessFor(c, deadlineMs), signal),
    );
  })
  .route("/", manageRoutes);

async function settled(
  c: Ctx,
  of: { readonly topic: string; readonly group: string },
  given: readonly string[],
  settlement: Settlement,
) {
  const receipts: Receipt[] = [];
  for (const [which, text] of given.entries()) {
    const receipt = decodeReceipt(text);
    if (receipt === null) {
      const error = { at: `body.receipts.${which}`, message: "is not a receipt" };
      return invalid(c, "bad_receipt", [error]);
    }
    receipts.push(receipt);
  }
  const reply = await settle(accessOf(c), of, receipts, settlement);
  if (reply.kind === "no_such_group") return noSuchGroup(c);
  const { statuses } = reply;
  if (!statuses.includes("ok")) return staleReceipt(c, statuses);
  const results = given.map((receipt, which) => ({ receipt, status: statuses[which] }));
  return c.json({ results }, 200);
}

function topicReply(topic: string, stored: Topic) {
  const { partitions, maxLength, retentionMs, createdAtMs } = stored;
  return { topic, partitions, maxLength, retentionMs, createdAt: createdAtMs };
}

function groupReply(topic: string, group: string, stored: Group) {
  const { from, visibilityMs, maxDeliveries, ordered, createdAtMs } = stored;
  return { topic, group, from, visibilityMs, maxDeliveries, ordered, createdAt: createdAtMs };
}
