/**
 * @module
 * Taking a member off a board, for good: nothing about it stays, in no window that can still be read.
 */
import { attemptWrite, type Expired } from "../../shared/kernel/attempts.ts";
import { ANSWER_MARGIN_MS, workerOperationId } from "../../shared/kernel/operation.ts";
import { list, MalformedReply } from "../../shared/redis/reply.ts";
import { defineScript } from "../../shared/redis/script.ts";
import {
  type Correction,
  correctionOf,
  type LeaderboardAccess,
  type NoSuchBoard,
  withDay,
} from "./access.ts";
import { boardKeys } from "./keys.ts";
import { everyRankingId } from "./rankings.ts";
import removeSource from "./remove-member.lua";

export type Removed = { readonly kind: "removed" } | NoSuchBoard;

/** `removed` also when the board has no such member. One trip. */
export async function removeMember(
  access: LeaderboardAccess,
  name: string,
  member: string,
): Promise<Removed> {
  const keys = boardKeys(access.space, name);
  const operation = keys.operation(workerOperationId(access.newId()));
  const { reply } = await attemptWrite("redis", access.attempts, ({ timeoutMs, expiresAtMs }) =>
    withDay(access, (day) => {
      const ids = everyRankingId(day);
      return runRemove(
        access.redis,
        [operation, keys.board, keys.metadata, keys.members, ...ids.map(keys.ranking)],
        [member, expiresAtMs, expiresAtMs + ANSWER_MARGIN_MS, day, ...ids],
        { timeoutMs },
      );
    }),
  );
  return reply;
}

const runRemove = defineScript<
  [operation: string, board: string, metadata: string, members: string, ...rankings: string[]],
  [member: string, expiresAtMs: number, answerUntilMs: number, day: number, ...ids: string[]],
  Removed | Correction | Expired
>(removeSource, (reply) => {
  const [kind] = list(reply);
  if (kind === "removed" || kind === "no_such_board") return { kind };
  const correction = correctionOf(reply);
  if (correction === null) throw new MalformedReply();
  return correction;
});
