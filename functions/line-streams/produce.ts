/**
 * @module
 * Appending messages.
 *
 * Invariants:
 *
 * 1. A batch is appended whole or not at all, and messages of one key keep their order.
 * 2. However often and however late copies of one call arrive, its messages are appended once, and each copy
 *    that is answered gets the first answer. A refusal is remembered like any other answer.
 * 3. Trimming never takes a message that some group has not had acknowledged: then the call is refused.
 * 4. Whoever waits has been told before the call is answered. Nobody is told when the store says, in the step
 *    that appends, that nobody can be waiting.
 */
import { attemptWrite, type Expired, type WriteAttempt } from "../../shared/kernel/attempts.ts";
import { ANSWER_MARGIN_MS, type Operation, operationOf } from "../../shared/kernel/operation.ts";
import { shortHash } from "../../shared/kernel/short-hash.ts";
import { integer, list, MalformedReply, text } from "../../shared/redis/reply.ts";
import { defineScript } from "../../shared/redis/script.ts";
import { correctionOf, type Stale } from "../../shared/streams/correction.ts";
import { keysOf, type StreamsAccess, tell } from "./access.ts";
import type { MessagePlace } from "./message-id.ts";
import { partitionOfKey } from "./partition.ts";
import produceSource from "./produce.lua";
import { LENGTH_MAX, type Topic } from "./topic.ts";
import { withTopic } from "./topics.ts";

/** Messages of one call. */
export const BATCH_MAX = 100;
/** What a refused producer is asked to wait. */
export const BACKLOG_RETRY_MS = 1_000;
/** Old messages that one call trims at most from a partition. */
const TRIM_MAX = 200;
/** Ways in which a call without keys may choose its partition. */
const SPREAD = 1_000_003;

export interface NewMessage {
  readonly key: string | null;
  /** JSON text. */
  readonly payload: string;
}

export type Produced =
  /** `isReplay` when it is what another request with this idempotency key was told. */
  | {
      readonly kind: "appended";
      readonly places: readonly MessagePlace[];
      readonly isReplay: boolean;
      readonly isAwaited: boolean;
    }
  | { readonly kind: "backlog_full" }
  /** More messages of one partition than it may ever hold. */
  | { readonly kind: "beyond_length" }
  | { readonly kind: "idempotency_mismatch" }
  | { readonly kind: "too_many_topics" };

/**
 * Appends 1 to 100 messages, all or none. One trip while the topic is in the isolate's cache.
 *
 * @param idempotencyKey null for a call whose repeats cannot be recognised
 */
export async function produce(
  access: StreamsAccess,
  name: string,
  messages: readonly NewMessage[],
  idempotencyKey: string | null,
): Promise<Produced> {
  const caller = idempotencyKey === null ? null : { idempotencyKey, scope: "messages" };
  const operation = operationOf(access.newId(), caller, () =>
    shortHash(JSON.stringify(messages.map(({ key, payload }) => [key, payload]))),
  );
  const keyless = Math.floor(access.random() * SPREAD);
  const { reply } = await attemptWrite("redis", access.attempts, (attempt) =>
    withTopic(access, name, attempt, (topic) =>
      append(access, { name, topic, messages, operation, keyless }, attempt),
    ),
  );
  if (reply.kind === "appended" && reply.isAwaited) {
    await tell(access, (monitor) => monitor.appended(name));
  }
  return reply;
}

interface Append {
  readonly name: string;
  readonly topic: Topic;
  readonly messages: readonly NewMessage[];
  readonly operation: Operation;
  /** Chooses the one partition of all messages without a key. */
  readonly keyless: number;
}

function append(
  access: StreamsAccess,
  { name, topic, messages, operation, keyless }: Append,
  { timeoutMs, expiresAtMs }: WriteAttempt,
): Promise<Produced | Stale | Expired> {
  const keys = keysOf(access, name);
  const partitions = messages.map(({ key }) =>
    key === null ? keyless % topic.partitions : partitionOfKey(key, topic.partitions),
  );
  const touched = [...new Set(partitions)];
  return runProduce(
    access.redis,
    [
      keys.operation(operation.id),
      ...touched.flatMap((partition) => [keys.stream(partition), keys.mark(partition)]),
    ],
    [
      topic.text,
      expiresAtMs,
      expiresAtMs + operation.answerMs,
      expiresAtMs + ANSWER_MARGIN_MS,
      operation.fingerprint,
      operation.nonce,
      topic.maxLength ?? LENGTH_MAX,
      topic.retentionMs ?? 0,
      TRIM_MAX,
      ...messages.flatMap(({ key, payload }, which) => {
        const partition = partitions[which] ?? 0;
        return [touched.indexOf(partition) + 1, partition, key ?? "", payload];
      }),
    ],
    { timeoutMs },
  );
}

const runProduce = defineScript<
  [operation: string, ...streamsAndMarks: string[]],
  [
    topic: string,
    expiresAtMs: number,
    answerUntilMs: number,
    refusalUntilMs: number,
    fingerprint: string,
    nonce: string,
    lengthMax: number,
    retentionMs: number,
    trimMax: number,
    ...messages: (string | number)[],
  ],
  Produced | Stale | Expired
>(produceSource, (reply) => {
  const [kind, answer, isReplay, isAwaited] = list(reply);
  if (kind === "mismatch") return { kind: "idempotency_mismatch" };
  if (kind !== "answer") return correctionOf(reply);
  const said = text(answer);
  if (said === "backlog_full" || said === "beyond_length") return { kind: said };
  return {
    kind: "appended",
    places: said.split(";").map(placeIn),
    isReplay: integer(isReplay) === 1,
    isAwaited: integer(isAwaited) === 1,
  };
});

function placeIn(text: string): MessagePlace {
  const [partition, streamId] = text.split(" ");
  if (!streamId) throw new MalformedReply();
  return { partition: integer(partition), streamId };
}
