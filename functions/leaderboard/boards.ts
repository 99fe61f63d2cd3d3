/**
 * @module
 * Boards as a whole: creating, emptying and removing them.
 *
 * Every call has an operation id of its own, kept by the store until the call has expired, and says what
 * the store said to the first copy of it that arrived. So a copy that comes late neither brings a removed
 * board back nor clears a new one.
 */
import { attemptWrite, type Expired } from "../../shared/kernel/attempts.ts";
import { ANSWER_MARGIN_MS, workerOperationId } from "../../shared/kernel/operation.ts";
import { expired, integer, list, MalformedReply, text } from "../../shared/redis/reply.ts";
import { defineScript } from "../../shared/redis/script.ts";
import {
  type Correction,
  correctionOf,
  type LeaderboardAccess,
  type NoSuchBoard,
  withDay,
} from "./access.ts";
import { type Board, type BoardDefinition, definitionText, parseBoard } from "./board.ts";
import clearSource from "./clear-board.lua";
import createSource from "./create-board.lua";
import { boardKeys } from "./keys.ts";
import { everyRankingId } from "./rankings.ts";

export type Created =
  | { readonly kind: "created"; readonly board: Board }
  | { readonly kind: "unchanged"; readonly board: Board }
  | { readonly kind: "differs"; readonly board: Board };

/** Creates a board unless there is one. One trip. */
export async function createBoard(
  access: LeaderboardAccess,
  name: string,
  definition: BoardDefinition,
): Promise<Created> {
  const keys = boardKeys(access.space, name);
  const revision = access.newId();
  const operation = keys.operation(workerOperationId(access.newId()));
  const { reply } = await attemptWrite("redis", access.attempts, ({ timeoutMs, expiresAtMs }) =>
    runCreate(
      access.redis,
      [operation, keys.board],
      [definitionText(definition), revision, expiresAtMs, expiresAtMs + ANSWER_MARGIN_MS],
      { timeoutMs },
    ),
  );
  access.known.set(keys.board, reply.board, access.attempts.clock());
  return reply;
}

export type Cleared = { readonly kind: "cleared"; readonly removed: number } | NoSuchBoard;

/** Removes a board with all its entries; `no_such_board` says that there was none. One trip. */
export async function removeBoard(access: LeaderboardAccess, name: string): Promise<Cleared> {
  return await clear(access, name, "");
}

/** Removes all entries; submits sent before this, and cursors, are void. One trip. */
export async function resetBoard(access: LeaderboardAccess, name: string): Promise<Cleared> {
  return await clear(access, name, access.newId());
}

async function clear(access: LeaderboardAccess, name: string, revision: string): Promise<Cleared> {
  const keys = boardKeys(access.space, name);
  const operation = keys.operation(workerOperationId(access.newId()));
  const { reply } = await attemptWrite("redis", access.attempts, ({ timeoutMs, expiresAtMs }) =>
    withDay(access, (day) =>
      runClear(
        access.redis,
        [
          operation,
          keys.board,
          keys.metadata,
          keys.members,
          keys.sequence,
          ...everyRankingId(day).map(keys.ranking),
        ],
        [revision, expiresAtMs, expiresAtMs + ANSWER_MARGIN_MS, day],
        { timeoutMs },
      ),
    ),
  );
  access.known.delete(keys.board);
  return reply;
}

const runCreate = defineScript<
  [operation: string, board: string],
  [definition: string, revision: string, expiresAtMs: number, answerUntilMs: number],
  Created | Expired
>(createSource, (reply) => {
  const [kind, fact] = list(reply);
  switch (kind) {
    case "created":
    case "unchanged":
    case "differs":
      return { kind, board: parseBoard(text(fact)) };
    default:
      return expired(reply);
  }
});

const runClear = defineScript<
  [operation: string, board: string, ...rest: string[]],
  [revision: string, expiresAtMs: number, answerUntilMs: number, day: number],
  Cleared | Correction | Expired
>(clearSource, (reply) => {
  const [kind, removed] = list(reply);
  switch (kind) {
    case "cleared":
      return { kind, removed: integer(removed) };
    case "no_such_board":
      return { kind };
    default:
      return correctionOf(reply) ?? malformed();
  }
});

function malformed(): never {
  throw new MalformedReply();
}
