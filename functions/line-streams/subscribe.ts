/**
 * @module
 * Messages as server-sent events (WHATWG HTML, "Server-sent events").
 *
 * Each event is one delivery: its data is a message as poll returns it, receipt and all, and it is
 * acknowledged like any other.
 *
 * Invariants:
 *
 * 1. At least once: what was sent and not acknowledged comes again when its time is up. After a break it
 *    comes at once, as far as it was handed out behind the event that the consumer names as its last.
 * 2. Nothing is taken for a consumer before what was taken last has been read from here.
 * 3. It ends by itself after `SUBSCRIPTION_MS`; a browser then comes back with the last id.
 */
import { attemptWrite, type Expired } from "../../shared/kernel/attempts.ts";
import { ANSWER_MARGIN_MS, workerOperationId } from "../../shared/kernel/operation.ts";
import { integer, list } from "../../shared/redis/reply.ts";
import { defineScript } from "../../shared/redis/script.ts";
import { correctionOf, type Stale } from "../../shared/streams/correction.ts";
import { partitionKeys } from "../../shared/streams/reassign.ts";
import { keysOf, type NoSuchGroup, type StreamsAccess, withGroup } from "./access.ts";
import { type Consumed, consume } from "./consume.ts";
import { type EventId, encodeEventId } from "./event-id.ts";
import { PENDING_MAX } from "./group.ts";
import { messageText } from "./message-text.ts";
import type { Delivery } from "./poll.ts";
import resumeSource from "./resume.lua";
import { partitionsOf } from "./topic.ts";

const SUBSCRIPTION_MS = 5 * 60_000;
/** An idle connection hears from us this often. */
const HEARTBEAT_MS = 10_000;
/** Messages of one look. */
const LOOK_MESSAGES_MAX = 20;
/** Beyond its wait, what a look may take. */
const LOOK_MS = 2_000;
/** Pause of a consumer that holds as much as it may. */
const FULL_MS = 1_000;
/** What a browser waits before it comes back. */
const RETRY_MS = 1_000;

export interface Subscription {
  readonly topic: string;
  readonly group: string;
  readonly consumer: string;
}

/** Puts back what the consumer was handed behind the event it heard last. One trip. */
export async function resume(
  access: StreamsAccess,
  { topic, group: name, consumer }: Subscription,
  { claimedAtMs, nonce, unsent }: EventId,
): Promise<{ readonly kind: "resumed"; readonly resumed: number } | NoSuchGroup> {
  const keys = keysOf(access, topic);
  const groupKeys = keys.group(name);
  const operation = keys.operation(workerOperationId(access.newId()));
  const { reply } = await attemptWrite("redis", access.attempts, (attempt) =>
    withGroup(access, topic, name, attempt, (group) =>
      runResume(
        access.redis,
        [operation, groupKeys.group, ...partitionKeys(keys, groupKeys, partitionsOf(group))],
        [
          group.text,
          attempt.expiresAtMs,
          attempt.expiresAtMs + ANSWER_MARGIN_MS,
          name,
          consumer,
          PENDING_MAX,
          claimedAtMs,
          nonce,
          ...unsent.map(({ partition, streamId }) => `${partition + 1} ${streamId}`),
        ],
        { timeoutMs: attempt.timeoutMs },
      ),
    ),
  );
  return reply;
}

/**
 * The stream's text, piece by piece; ends when the caller is gone or the time is up.
 *
 * @param accessFor an access with a deadline so far away
 */
export async function* eventsOf(
  subscription: Subscription,
  accessFor: (deadlineMs: number) => StreamsAccess,
  signal: AbortSignal,
): AsyncGenerator<string> {
  const { clock, sleep } = accessFor(LOOK_MS).attempts;
  const endsAtMs = clock() + SUBSCRIPTION_MS;
  yield `retry: ${RETRY_MS}\n\n`;
  for (let leftMs = SUBSCRIPTION_MS; leftMs > 0 && !signal.aborted; leftMs = endsAtMs - clock()) {
    const waitMs = Math.min(HEARTBEAT_MS, leftMs);
    const look = { ...subscription, max: LOOK_MESSAGES_MAX, waitMs };
    const found = await consume(accessFor(LOOK_MS + waitMs), look, signal);
    if (found.kind === "no_such_group") return;
    yield* textsOf(found);
    if (found.kind !== "messages") await sleep(FULL_MS);
  }
}

function* textsOf(found: Exclude<Consumed, NoSuchGroup>): Generator<string> {
  if (found.kind !== "messages") yield `: ${found.kind}\n\n`;
  else if (found.messages.length === 0) yield ": still here\n\n";
  else {
    for (const [which, message] of found.messages.entries()) {
      const unsent = found.messages.slice(which + 1);
      yield eventText(message, { claimedAtMs: found.claimedAtMs, nonce: message.nonce, unsent });
    }
  }
}

/** A line break in JSON text stands between tokens, so a line of data may end there. */
function eventText(message: Delivery, id: EventId): string {
  const data = messageText(message).replace(/\r\n?|\n/g, "\ndata: ");
  return `id: ${encodeEventId(id)}\nevent: message\ndata: ${data}\n\n`;
}

const runResume = defineScript<
  [operation: string, group: string, ...partitions: string[]],
  [
    group: string,
    expiresAtMs: number,
    answerUntilMs: number,
    name: string,
    consumer: string,
    pendingMax: number,
    claimedAtMs: number,
    nonce: string,
    ...unsent: string[],
  ],
  { readonly kind: "resumed"; readonly resumed: number } | Stale | Expired
>(resumeSource, (reply) => {
  const [kind, resumed] = list(reply);
  return kind === "resumed" ? { kind, resumed: integer(resumed) } : correctionOf(reply);
});
