/**
 * @module
 * One look for messages.
 *
 * Invariants:
 *
 * 1. Every message is handed out until it is acknowledged or a dead letter, and its deliveries are counted.
 * 2. A message has one owner at a time: who claimed it last, and for that delivery only.
 * 3. In an ordered group nothing of a partition is handed out while something before it is unacknowledged,
 *    other than together with it and behind it.
 * 4. A look that is repeated after a lost answer hands out the same messages, not further ones. When the
 *    caller never hears of them, they come due like those of a consumer that died.
 */
import {
  type Attempts,
  attemptWrite,
  type Expired,
  type WriteAttempt,
} from "../../shared/kernel/attempts.ts";
import { ANSWER_MARGIN_MS, workerOperationId } from "../../shared/kernel/operation.ts";
import type { RedisReply } from "../../shared/redis/port.ts";
import { integer, list, text } from "../../shared/redis/reply.ts";
import { defineScript } from "../../shared/redis/script.ts";
import { correctionOf, type Stale } from "../../shared/streams/correction.ts";
import { keysOf, type NoSuchGroup, rowsOf, type StreamsAccess, withGroup } from "./access.ts";
import { CONSUMERS_MAX, type Group, PENDING_MAX } from "./group.ts";
import type { MessagePlace } from "./message-id.ts";
import pollSource from "./poll.lua";
import { PARTITIONS_MAX, partitionsOf } from "./topic.ts";

/** Messages of one poll. */
export const POLL_MAX = 100;
/** Partitions of one script. */
const PARTITIONS_A_LOOK = 8;
/** A reply stays within 4 MiB, with what JSON adds. */
const REPLY_BYTES_MAX = 3_500_000;
/** Dead letters a group keeps; beyond it messages that are exhausted stay where they are. */
export const LETTERS_MAX = 100_000;
export const WAIT_MS_MAX = 20_000;

export interface Delivery extends MessagePlace {
  readonly deliveries: number;
  readonly key: string | null;
  /** JSON text. */
  readonly payload: string;
  readonly nonce: string;
}

export interface Look {
  readonly topic: string;
  readonly group: string;
  readonly consumer: string;
  readonly max: number;
  /** How long the caller may wait if there is nothing; producers then know that somebody waits. */
  readonly waitMs: number;
}

export type Looked =
  | {
      readonly kind: "messages";
      readonly messages: readonly Delivery[];
      /** When the next one can be claimed; null for none, or where nobody asked. */
      readonly dueInMs: number | null;
      /** Whether somebody may be waiting for what comes due. */
      readonly isAwaited: boolean;
      readonly visibilityMs: number;
      /** By the store's clock. */
      readonly claimedAtMs: number;
      /** Whether there may be more than was handed out. */
      readonly hasMore: boolean;
    }
  | { readonly kind: "too_many_pending" }
  | { readonly kind: "too_many_consumers" }
  | NoSuchGroup;

/** Looks once, in every partition if need be: one trip for each eight, and none after the first that has messages. */
export async function lookForMessages(
  access: StreamsAccess,
  look: Look,
  attempts: Attempts,
): Promise<Looked> {
  const nonces = new Map<number, string>();
  const turn = Math.floor(access.random() * PARTITIONS_MAX);
  const { topic, group: groupName } = look;
  const { reply } = await attemptWrite("redis", attempts, (attempt) =>
    withGroup(
      access,
      topic,
      groupName,
      attempt,
      async (group): Promise<Looked | Stale | Expired> => {
        let dueInMs: number | null = null;
        let isAwaited = false;
        let claimedAtMs = 0;
        let refused: Looked | null = null;
        const chunks = chunksOf(rotated(partitionsOf(group), turn));
        for (const [which, partitions] of chunks.entries()) {
          const nonce = nonces.get(which) ?? access.newId();
          nonces.set(which, nonce);
          const found = await run(
            access,
            { ...look, group, groupName, partitions, nonce },
            attempt,
          );
          if (found.kind === "too_many_pending") {
            refused = found;
            continue;
          }
          if (found.kind !== "messages") return found;
          if (found.messages.length > 0) {
            return { ...found, hasMore: found.hasMore || which + 1 < chunks.length };
          }
          dueInMs = earlier(dueInMs, found.dueInMs);
          isAwaited ||= found.isAwaited;
          claimedAtMs = found.claimedAtMs;
        }
        if (refused !== null) return refused;
        const { visibilityMs } = group;
        const nothing = { messages: [], dueInMs, isAwaited, visibilityMs, claimedAtMs };
        return { kind: "messages", ...nothing, hasMore: false };
      },
    ),
  );
  return reply;
}

interface Run extends Omit<Look, "group"> {
  readonly group: Group;
  readonly groupName: string;
  readonly partitions: readonly number[];
  readonly nonce: string;
}

function run(
  access: StreamsAccess,
  { topic, group, groupName, consumer, max, waitMs, partitions, nonce }: Run,
  { timeoutMs, expiresAtMs }: WriteAttempt,
): Promise<Looked | Stale | Expired> {
  const keys = keysOf(access, topic);
  const { group: groupKey, dead, letters, due, held } = keys.group(groupName);
  const marks = waitMs > 0 ? partitionsOf(group).map(keys.mark) : [];
  const served = partitions.flatMap((partition) => [
    keys.stream(partition),
    due(partition),
    held(partition),
  ]);
  return runPoll(
    access.redis,
    [keys.operation(workerOperationId(nonce)), groupKey, dead, letters, ...served, ...marks],
    [
      group.text,
      expiresAtMs,
      expiresAtMs + ANSWER_MARGIN_MS,
      nonce,
      consumer,
      max,
      waitMs,
      group.visibilityMs,
      group.maxDeliveries,
      group.ordered ? 1 : 0,
      PENDING_MAX,
      CONSUMERS_MAX,
      REPLY_BYTES_MAX,
      LETTERS_MAX,
      groupName,
      WAIT_MS_MAX,
      ...partitions,
    ],
    { timeoutMs },
  ).then((reply) =>
    reply.kind === "messages"
      ? {
          ...reply,
          messages: reply.messages.map((message) => ({ ...message, nonce })),
          visibilityMs: group.visibilityMs,
        }
      : reply,
  );
}

type Found =
  | (Omit<Extract<Looked, { kind: "messages" }>, "messages" | "visibilityMs"> & {
      readonly messages: readonly Omit<Delivery, "nonce">[];
    })
  | { readonly kind: "too_many_pending" | "too_many_consumers" };

const runPoll = defineScript<
  [operation: string, group: string, dead: string, letters: string, ...rest: string[]],
  [
    group: string,
    expiresAtMs: number,
    answerUntilMs: number,
    nonce: string,
    consumer: string,
    max: number,
    waitMs: number,
    visibilityMs: number,
    deliveriesMax: number,
    ordered: number,
    pendingMax: number,
    consumersMax: number,
    bytesMax: number,
    lettersMax: number,
    groupName: string,
    waitMsMax: number,
    ...partitions: number[],
  ],
  Found | Stale | Expired
>(pollSource, (reply) => {
  const [kind, dueInMs, isAwaited, flat, nowMs, hasMore] = list(reply);
  if (kind === "too_many_pending" || kind === "too_many_consumers") return { kind };
  if (kind !== "messages") return correctionOf(reply);
  return {
    kind,
    dueInMs: integer(dueInMs) < 0 ? null : integer(dueInMs),
    isAwaited: integer(isAwaited) === 1,
    claimedAtMs: integer(nowMs),
    hasMore: integer(hasMore) === 1,
    messages: rowsOf(list(flat), 5).map(deliveryOf),
  };
});

function deliveryOf([partition, id, deliveries, key, payload]: readonly RedisReply[]) {
  return {
    partition: integer(partition),
    streamId: text(id),
    deliveries: integer(deliveries),
    key: text(key) === "" ? null : text(key),
    payload: text(payload),
  };
}

/** Beginning somewhere else each time, so that no partition is always served first. */
function rotated(partitions: readonly number[], turn: number): number[] {
  const from = turn % partitions.length;
  return [...partitions.slice(from), ...partitions.slice(0, from)];
}

function chunksOf(partitions: readonly number[]): number[][] {
  const chunks: number[][] = [];
  for (let from = 0; from < partitions.length; from += PARTITIONS_A_LOOK) {
    chunks.push(partitions.slice(from, from + PARTITIONS_A_LOOK));
  }
  return chunks;
}

function earlier(one: number | null, other: number | null): number | null {
  if (one === null || other === null) return one ?? other;
  return Math.min(one, other);
}
