/**
 * @module
 * Groups as a whole: creating them.
 */
import { attemptWrite, type Expired } from "../../shared/kernel/attempts.ts";
import { ANSWER_MARGIN_MS, workerOperationId } from "../../shared/kernel/operation.ts";
import { list, text } from "../../shared/redis/reply.ts";
import { defineScript } from "../../shared/redis/script.ts";
import { correctionOf, type Stale } from "../../shared/streams/correction.ts";
import { groupBelief, keysOf, remember, type StreamsAccess, tell } from "./access.ts";
import {
  GROUPS_MAX,
  type Group,
  type GroupDefinition,
  groupText,
  parseGroup,
  streamIdOf,
} from "./group.ts";
import putSource from "./put-group.lua";
import { partitionsOf } from "./topic.ts";
import { withTopic } from "./topics.ts";

export type GroupPut =
  | { readonly kind: "created" | "unchanged" | "differs"; readonly group: Group }
  | { readonly kind: "too_many_groups" }
  | { readonly kind: "too_many_topics" };

/** Creates a group unless there is one. One trip while the topic is in the isolate's cache, else two. */
export async function putGroup(
  access: StreamsAccess,
  topic: string,
  name: string,
  definition: GroupDefinition,
): Promise<GroupPut> {
  const keys = keysOf(access, topic);
  const operation = keys.operation(workerOperationId(access.newId()));
  const revision = access.newId();
  const { reply } = await attemptWrite("redis", access.attempts, (attempt) =>
    withTopic(access, topic, attempt, (known) =>
      runPut(
        access.redis,
        [operation, keys.topic, keys.group(name).group, ...partitionsOf(known).map(keys.stream)],
        [
          known.text,
          name,
          revision,
          known.partitions,
          groupText(definition),
          streamIdOf(definition.from),
          attempt.expiresAtMs,
          attempt.expiresAtMs + ANSWER_MARGIN_MS,
          GROUPS_MAX,
        ],
        { timeoutMs: attempt.timeoutMs },
      ),
    ),
  );
  if (!("group" in reply)) return reply;
  remember(access, groupBelief(access, topic, name), reply.group.text);
  await tell(access, (monitor) => monitor.watch(topic));
  // Who waits since before, for a group or topic of this name that was deleted, is not known to this one: it looks.
  if (reply.kind === "created") await tell(access, (monitor) => monitor.due(topic, name, 0));
  return reply;
}

const runPut = defineScript<
  [operation: string, topic: string, group: string, ...streams: string[]],
  [
    topic: string,
    name: string,
    revision: string,
    partitions: number,
    definition: string,
    behind: string,
    expiresAtMs: number,
    answerUntilMs: number,
    groupsMax: number,
  ],
  GroupPut | Stale | Expired
>(putSource, (reply) => {
  const [kind, fact] = list(reply);
  switch (kind) {
    case "too_many":
      return { kind: "too_many_groups" };
    case "created":
    case "unchanged":
    case "differs":
      return { kind, group: parseGroup(text(fact)) };
    default:
      return correctionOf(reply);
  }
});
