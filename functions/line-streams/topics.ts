/**
 * @module
 * Topics as a whole: creating and changing them.
 */
import { attemptWrite, type Expired } from "../../shared/kernel/attempts.ts";
import { UpstreamError } from "../../shared/kernel/errors.ts";
import { ANSWER_MARGIN_MS, workerOperationId } from "../../shared/kernel/operation.ts";
import type { RedisCallOptions } from "../../shared/redis/port.ts";
import { expired, list, text } from "../../shared/redis/reply.ts";
import { defineScript } from "../../shared/redis/script.ts";
import type { Stale } from "../../shared/streams/correction.ts";
import { keysOf, remember, type StreamsAccess, tell, topicBelief, withBelief } from "./access.ts";
import putSource from "./put-topic.lua";
import {
  limitsText,
  PARTITIONS_DEFAULT,
  parseTopic,
  partitionsOf,
  TOPICS_MAX,
  type Topic,
  type TopicDefinition,
} from "./topic.ts";

export type TopicPut =
  | { readonly kind: "created" | "changed" | "unchanged" | "differs"; readonly topic: Topic }
  | { readonly kind: "too_many_topics" };

/** Creates a topic, or gives it other limits; `differs` when it has another number of partitions. One trip. */
export function putTopic(
  access: StreamsAccess,
  name: string,
  definition: TopicDefinition,
): Promise<TopicPut> {
  return put(access, name, definition, "change");
}

/** How often one call may find its topic gone and make it. */
const CREATIONS_MAX = 2;

/** Calls `send` with the topic until the store agrees with it; makes it for who writes to none. */
export async function withTopic<Reply extends { readonly kind: string }>(
  access: StreamsAccess,
  name: string,
  options: RedisCallOptions,
  send: (topic: Topic) => Promise<Reply | Stale>,
): Promise<Reply | { readonly kind: "too_many_topics" }> {
  for (let creations = 0; creations <= CREATIONS_MAX; creations += 1) {
    const reply = await withBelief(access, topicBelief(access, name), options, send);
    if (reply !== null) return reply;
    const made = await ensureTopic(access, name);
    if (made.kind === "too_many_topics") return made;
  }
  throw new UpstreamError({ dependency: "redis", fault: "refused", outcome: "not_applied" });
}

/** The topic there is, or a new one as it is made for who writes to none. One trip. */
function ensureTopic(access: StreamsAccess, name: string): Promise<TopicPut> {
  const definition = { partitions: PARTITIONS_DEFAULT, maxLength: null, retentionMs: null };
  return put(access, name, definition, "keep");
}

async function put(
  access: StreamsAccess,
  name: string,
  definition: TopicDefinition,
  mode: "change" | "keep",
): Promise<TopicPut> {
  const keys = keysOf(access, name);
  const operation = keys.operation(workerOperationId(access.newId()));
  const revision = access.newId();
  const { reply } = await attemptWrite("redis", access.attempts, ({ timeoutMs, expiresAtMs }) =>
    runPut(
      access.redis,
      [operation, keys.topics, keys.topic, ...partitionsOf(definition).map(keys.mark)],
      [
        name,
        revision,
        definition.partitions,
        limitsText(definition),
        expiresAtMs,
        expiresAtMs + ANSWER_MARGIN_MS,
        TOPICS_MAX,
        mode,
      ],
      { timeoutMs },
    ),
  );
  if (!("topic" in reply)) return reply;
  remember(access, topicBelief(access, name), reply.topic.text);
  if (reply.topic.retentionMs !== null) await tell(access, (monitor) => monitor.watch(name));
  return reply;
}

const runPut = defineScript<
  [operation: string, topics: string, topic: string, ...marks: string[]],
  [
    name: string,
    revision: string,
    partitions: number,
    limits: string,
    expiresAtMs: number,
    answerUntilMs: number,
    topicsMax: number,
    mode: string,
  ],
  TopicPut | Expired
>(putSource, (reply) => {
  const [kind, fact] = list(reply);
  switch (kind) {
    case "too_many":
      return { kind: "too_many_topics" };
    case "created":
    case "changed":
    case "unchanged":
    case "differs":
      return { kind, topic: parseTopic(text(fact)) };
    default:
      return expired(reply);
  }
});
