/**
 * @module
 * Taking messages from one consumer for another, and removing consumers.
 */
import { attemptWrite } from "../../shared/kernel/attempts.ts";
import { ANSWER_MARGIN_MS, workerOperationId } from "../../shared/kernel/operation.ts";
import {
  type Moved,
  NOBODY,
  partitionKeys,
  runReassign,
  type TooManyConsumers,
} from "../../shared/streams/reassign.ts";
import { keysOf, type NoSuchGroup, type StreamsAccess, tell, withGroup } from "./access.ts";
import { CONSUMERS_MAX, PENDING_MAX } from "./group.ts";
import { partitionsOf } from "./topic.ts";

export interface Reassignment {
  readonly from: string;
  readonly to: string;
  /** Only what was handed out at least so long ago. */
  readonly minIdleMs: number;
}

/**
 * Makes what `from` holds `to`'s and due at once; receipts of it are worth nothing from then on. Moves no more
 * than `to` may hold; `to` becomes a consumer if it is none. One trip.
 */
export function reassign(
  access: StreamsAccess,
  of: { readonly topic: string; readonly group: string },
  reassignment: Reassignment,
): Promise<Moved | TooManyConsumers | NoSuchGroup> {
  return move(access, of, reassignment, "keep");
}

/** Forgets a consumer; what it holds is nobody's, due at once. One trip. */
export function removeConsumer(
  access: StreamsAccess,
  of: { readonly topic: string; readonly group: string },
  consumer: string,
): Promise<Moved | TooManyConsumers | NoSuchGroup> {
  return move(access, of, { from: consumer, to: NOBODY, minIdleMs: 0 }, "remove");
}

async function move(
  access: StreamsAccess,
  { topic, group: name }: { readonly topic: string; readonly group: string },
  { from, to, minIdleMs }: Reassignment,
  then: "remove" | "keep",
): Promise<Moved | TooManyConsumers | NoSuchGroup> {
  const keys = keysOf(access, topic);
  const groupKeys = keys.group(name);
  const operation = keys.operation(workerOperationId(access.newId()));
  const { reply } = await attemptWrite("redis", access.attempts, (attempt) =>
    withGroup(access, topic, name, attempt, (group) =>
      runReassign(
        access.redis,
        [operation, groupKeys.group, ...partitionKeys(keys, groupKeys, partitionsOf(group))],
        [
          group.text,
          attempt.expiresAtMs,
          attempt.expiresAtMs + ANSWER_MARGIN_MS,
          name,
          from,
          to,
          minIdleMs,
          PENDING_MAX,
          then,
          0,
          PENDING_MAX,
          CONSUMERS_MAX,
        ],
        { timeoutMs: attempt.timeoutMs },
      ),
    ),
  );
  if (reply.kind === "moved" && reply.isAwaited && reply.moved > 0) {
    await tell(access, (monitor) => monitor.due(topic, name, 0));
  }
  return reply;
}
