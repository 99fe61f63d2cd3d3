/**
 * @module
 * Deleting groups and topics.
 */
import { attemptRead, attemptWrite, type Expired } from "../../shared/kernel/attempts.ts";
import { UpstreamError } from "../../shared/kernel/errors.ts";
import { ANSWER_MARGIN_MS, workerOperationId } from "../../shared/kernel/operation.ts";
import { list } from "../../shared/redis/reply.ts";
import { defineScript } from "../../shared/redis/script.ts";
import { correctionOf, type Stale } from "../../shared/streams/correction.ts";
import { partitionKeys } from "../../shared/streams/reassign.ts";
import {
  afterSteps,
  keysOf,
  type StreamsAccess,
  topicBelief,
  withBelief,
  withGroup,
} from "./access.ts";
import deleteGroupSource from "./delete-group.lua";
import deleteTopicSource from "./delete-topic.lua";
import { readRegistered } from "./registry.ts";
import { partitionsOf } from "./topic.ts";

/** How often a topic may have got another group while it was being deleted. */
const ROUNDS_MAX = 3;

/** Deletes a group with what it holds and its dead letters, also when there is none. One trip. */
export async function removeGroup(
  access: StreamsAccess,
  topic: string,
  name: string,
): Promise<void> {
  const keys = keysOf(access, topic);
  const group = keys.group(name);
  const operation = keys.operation(workerOperationId(access.newId()));
  await attemptWrite("redis", access.attempts, (attempt) =>
    withGroup(access, topic, name, attempt, (known) =>
      runDeleteGroup(
        access.redis,
        [
          operation,
          keys.topic,
          group.group,
          group.dead,
          group.letters,
          ...partitionKeys(keys, group, partitionsOf(known)),
        ],
        [known.text, name, attempt.expiresAtMs, attempt.expiresAtMs + ANSWER_MARGIN_MS],
        { timeoutMs: attempt.timeoutMs },
      ),
    ),
  );
  access.groups.delete(group.group);
}

/** Deletes a topic with its groups and messages, also when there is none: two trips and one a group. */
export async function removeTopic(access: StreamsAccess, name: string): Promise<void> {
  let groups = 0;
  try {
    for (let rounds = 0; rounds < ROUNDS_MAX; rounds += 1) {
      const registered = await attemptRead(access.attempts, (timeoutMs) =>
        readRegistered(access, name, { timeoutMs }),
      );
      if (registered === null) return;
      for (const group of registered.groups) {
        await removeGroup(access, name, group);
        groups += 1;
      }
      if (await removeEmpty(access, name)) return;
    }
  } catch (error) {
    throw afterSteps(error, groups);
  }
  throw new UpstreamError({ dependency: "redis", fault: "refused", outcome: "unknown" });
}

/** False when it has a group again. */
async function removeEmpty(access: StreamsAccess, name: string): Promise<boolean> {
  const keys = keysOf(access, name);
  const operation = keys.operation(workerOperationId(access.newId()));
  const { reply } = await attemptWrite("redis", access.attempts, async (attempt) => {
    const belief = topicBelief(access, name);
    const deleted = await withBelief(access, belief, attempt, (known) => {
      const partitions = partitionsOf(known);
      return runDeleteTopic(
        access.redis,
        [
          operation,
          keys.topics,
          keys.topic,
          ...partitions.map(keys.stream),
          ...partitions.map(keys.mark),
        ],
        [known.text, name, attempt.expiresAtMs, attempt.expiresAtMs + ANSWER_MARGIN_MS],
        { timeoutMs: attempt.timeoutMs },
      );
    });
    return deleted ?? { kind: "deleted" as const };
  });
  access.topics.delete(keys.topic);
  return reply.kind === "deleted";
}

type DeleteArgs = [known: string, name: string, expiresAtMs: number, answerUntilMs: number];

const runDeleteGroup = defineScript<
  [operation: string, topic: string, group: string, ...rest: string[]],
  DeleteArgs,
  { readonly kind: "deleted" } | Stale | Expired
>(deleteGroupSource, (reply) => {
  const [kind] = list(reply);
  return kind === "deleted" ? { kind } : correctionOf(reply);
});

const runDeleteTopic = defineScript<
  [operation: string, topics: string, topic: string, ...rest: string[]],
  DeleteArgs,
  { readonly kind: "deleted" | "has_groups" } | Stale | Expired
>(deleteTopicSource, (reply) => {
  const [kind] = list(reply);
  return kind === "deleted" || kind === "has_groups" ? { kind } : correctionOf(reply);
});
