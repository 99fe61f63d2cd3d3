/**
 * @module
 * What is done for a topic by the clock: work of dead consumers handed on, old messages trimmed.
 *
 * Everything here may be done twice, late, or not at all: a message of a dead consumer comes due by itself,
 * and producers trim as they write.
 */
import { type Attempts, attemptRead, attemptWrite } from "../../shared/kernel/attempts.ts";
import { ANSWER_MARGIN_MS, workerOperationId } from "../../shared/kernel/operation.ts";
import type { RedisPort } from "../../shared/redis/port.ts";
import { integer, list, MalformedReply, text } from "../../shared/redis/reply.ts";
import { defineScript } from "../../shared/redis/script.ts";
import { type TopicKeys, topicKeys } from "../../shared/streams/keys.ts";
import { partitionKeys, runReassign } from "../../shared/streams/reassign.ts";
import { handovers, knownGroup, knownTopic } from "./dead-consumers.ts";
import trimSource from "./trim.lua";

/** Messages that one round trims at most from a partition. */
const TRIM_MAX = 1_000;
/** Of a topic that names no bound: longer than any may be. */
const LENGTH_UNBOUNDED = Number.MAX_SAFE_INTEGER;
/** A consumer holds no more; see `functions/line-streams/group.ts`. */
const PENDING_MAX = 1_000;
/** A group has no more; see there. */
const CONSUMERS_MAX = 1_000;

export interface WatchedTopic {
  readonly instance: string;
  readonly tenant: string;
  readonly topic: string;
}

export interface UpkeepParts {
  readonly redis: RedisPort;
  readonly attempts: Attempts;
  readonly newId: () => string;
}

export interface Upkeep {
  /** Groups for which something has come due. */
  readonly stirred: readonly string[];
  /** Whether there is a consumer, or a message that will be too old: then it is worth coming back soon. */
  readonly isBusy: boolean;
}

/** Null when there is no such topic any more. */
export async function upkeep(parts: UpkeepParts, watched: WatchedTopic): Promise<Upkeep | null> {
  const keys = topicKeys(watched, watched.topic);
  const fields = await hashOf(parts, keys.topic);
  const config = fields.get("config");
  const topic = config === undefined ? null : knownTopic(config);
  if (config === undefined || topic === null) return null;
  const stirred: string[] = [];
  let isBusy = topic.retentionMs !== null;
  for (const field of fields.keys()) {
    if (!field.startsWith("g ")) continue;
    const name = field.slice(2);
    const { moved, consumers } = await handOn(parts, keys, name);
    if (moved > 0) stirred.push(name);
    isBusy ||= consumers > 0;
  }
  if (topic.retentionMs !== null || topic.maxLength !== null) {
    for (let partition = 0; partition < topic.partitions; partition += 1) {
      await runTrim(
        parts.redis,
        [keys.stream(partition), keys.mark(partition)],
        [config, topic.maxLength ?? LENGTH_UNBOUNDED, topic.retentionMs ?? 0, TRIM_MAX],
      );
    }
  }
  return { stirred, isBusy };
}

/** How many messages of dead consumers were handed on, and how many consumers there were. */
async function handOn(parts: UpkeepParts, keys: TopicKeys, name: string) {
  const groupKeys = keys.group(name);
  const fields = await hashOf(parts, groupKeys.group);
  const config = fields.get("config");
  const group = config === undefined ? null : knownGroup(config);
  const consumers = [...fields.keys()].filter((field) => field.startsWith("s ")).length;
  if (config === undefined || group === null) return { moved: 0, consumers };
  const partitions = Array.from({ length: group.partitions }, (_, partition) => partition);
  let moved = 0;
  for (const { from, to } of handovers(fields, group, await storeNowMs(parts))) {
    const operation = keys.operation(workerOperationId(parts.newId()));
    const { reply } = await attemptWrite("redis", parts.attempts, ({ timeoutMs, expiresAtMs }) =>
      runReassign(
        parts.redis,
        [operation, groupKeys.group, ...partitionKeys(keys, groupKeys, partitions)],
        [
          config,
          expiresAtMs,
          expiresAtMs + ANSWER_MARGIN_MS,
          name,
          from,
          to,
          0,
          PENDING_MAX,
          "remove",
          1,
          PENDING_MAX,
          CONSUMERS_MAX,
        ],
        { timeoutMs },
      ),
    );
    if (reply.kind === "moved") moved += reply.moved;
  }
  return { moved, consumers };
}

async function hashOf({ redis, attempts }: UpkeepParts, key: string): Promise<Map<string, string>> {
  const reply = await attemptRead(attempts, (timeoutMs) =>
    redis.command(["HGETALL", key], { timeoutMs }),
  );
  const flat = list(reply).map(text);
  const fields = new Map<string, string>();
  for (let at = 0; at < flat.length; at += 2) fields.set(flat[at] ?? "", flat[at + 1] ?? "");
  return fields;
}

async function storeNowMs({ redis, attempts }: UpkeepParts): Promise<number> {
  const reply = await attemptRead(attempts, (timeoutMs) => redis.command(["TIME"], { timeoutMs }));
  const [seconds] = list(reply);
  return integer(seconds) * 1_000;
}

const runTrim = defineScript<
  [stream: string, mark: string],
  [topic: string, lengthMax: number, retentionMs: number, trimMax: number],
  number
>(trimSource, (reply) => {
  const [kind, trimmed] = list(reply);
  if (kind === "stale") return 0;
  if (kind !== "trimmed") throw new MalformedReply();
  return integer(trimmed);
});
