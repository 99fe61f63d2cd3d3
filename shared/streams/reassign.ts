/**
 * @module
 * Taking messages away from a consumer: on request, when it is removed, or because it has died.
 */
import type { Expired } from "../kernel/attempts.ts";
import { integer, list } from "../redis/reply.ts";
import { defineScript } from "../redis/script.ts";
import { correctionOf, type Stale } from "./correction.ts";
import type { GroupKeys, TopicKeys } from "./keys.ts";
import reassignSource from "./reassign.lua";

/** Who holds what was taken from one consumer and handed to no other. No caller's name has a parenthesis. */
export const NOBODY = "(nobody)";

export interface Moved {
  readonly kind: "moved";
  readonly moved: number;
  /** What the consumer still holds. */
  readonly left: number;
  /** Whether somebody may be waiting for what came due with this. */
  readonly isAwaited: boolean;
}

/** Nothing was moved: its new holder would be one consumer more than a group may have. */
export interface TooManyConsumers {
  readonly kind: "too_many_consumers";
}

/** Stream, due and held of each partition. */
export function partitionKeys(
  keys: TopicKeys,
  group: GroupKeys,
  partitions: readonly number[],
): string[] {
  return partitions.flatMap((partition) => [
    keys.stream(partition),
    group.due(partition),
    group.held(partition),
  ]);
}

export const runReassign = defineScript<
  [operation: string, group: string, ...partitions: string[]],
  [
    group: string,
    expiresAtMs: number,
    answerUntilMs: number,
    groupName: string,
    from: string,
    to: string,
    minIdleMs: number,
    messagesMax: number,
    then: "remove" | "keep",
    onlyDue: 0 | 1,
    pendingMax: number,
    consumersMax: number,
  ],
  Moved | TooManyConsumers | Stale | Expired
>(reassignSource, (reply) => {
  const [kind, moved, left, isAwaited] = list(reply);
  if (kind === "too_many_consumers") return { kind };
  if (kind !== "moved") return correctionOf(reply);
  return {
    kind,
    moved: integer(moved),
    left: integer(left),
    isAwaited: integer(isAwaited) === 1,
  };
});
