/**
 * @module
 * Submitting scores.
 *
 * Invariants:
 *
 * 1. A submit changes the ranking of all time and those of the windows together or not at all, and a
 *    batch is one submit: its results are those of its scores one after another.
 * 2. However often and however late copies of one submit arrive, it takes effect at most once, and each
 *    copy that is answered gets the first answer. A refusal is remembered like any other answer, so it
 *    is final even if an earlier copy is still under way.
 * 3. A submit that was sent before a reset never lands after it: it names the revision it was meant for.
 */
import { attemptWrite, type Expired } from "../../shared/kernel/attempts.ts";
import {
  ANSWER_MARGIN_MS,
  type CallerOperation,
  operationOf,
} from "../../shared/kernel/operation.ts";
import { integer, list, MalformedReply, text } from "../../shared/redis/reply.ts";
import { defineScript } from "../../shared/redis/script.ts";
import {
  type Correction,
  correctionOf,
  type LeaderboardAccess,
  type NoSuchBoard,
  withBoard,
} from "./access.ts";
import { type Answer, parseAnswer } from "./answer.ts";
import { fingerprint } from "./fingerprint.ts";
import { boardKeys } from "./keys.ts";
import { closedRankingIds, openRankings } from "./rankings.ts";
import { mirrored } from "./score.ts";
import type { Submission } from "./submission.ts";
import submitSource from "./submit.lua";

/** Beyond this a new member is refused: a board of this size takes 110 to 730 MB of the store. */
export const MEMBERS_MAX = 1_000_000;

export type Submitted =
  /** `isReplay` when it is what another request with this idempotency key was told. */
  | (Answer & { readonly isReplay: boolean })
  | { readonly kind: "idempotency_mismatch" }
  | NoSuchBoard;

/** The board has gone since an attempt that had no answer, so nobody can say whether that was applied. */
export interface Ambiguous {
  readonly kind: "ambiguous";
}

/**
 * Submits 1 to 100 scores, all or none. One trip while the board is in the isolate's cache, else two.
 *
 * @param caller null for a call whose repeats cannot be recognised
 */
export async function submitScores(
  access: LeaderboardAccess,
  name: string,
  submissions: readonly Submission[],
  caller: CallerOperation | null,
): Promise<Submitted | Ambiguous> {
  const keys = boardKeys(access.space, name);
  const operation = operationOf(access.newId(), caller, () => fingerprint(submissions));
  const { reply, wasAmbiguous } = await attemptWrite("redis", access.attempts, (attempt) =>
    withBoard(access, name, attempt, (board, day) => {
      const { timeoutMs, expiresAtMs } = attempt;
      const rankings = openRankings(board, day);
      return runSubmit(
        access.redis,
        [
          keys.operation(operation.id),
          keys.board,
          keys.metadata,
          keys.members,
          keys.sequence,
          ...rankings.map(({ id }) => keys.ranking(id)),
        ],
        [
          board.text,
          expiresAtMs,
          expiresAtMs + operation.answerMs,
          expiresAtMs + ANSWER_MARGIN_MS,
          operation.fingerprint,
          operation.nonce,
          day,
          board.mode,
          board.tie,
          board.rankMode,
          MEMBERS_MAX,
          ` ${closedRankingIds(board, day).join(" ")} `,
          board.order,
          ...rankings.flatMap(({ id, expiresAtMs }) => [id, expiresAtMs ?? 0]),
          ...submissions.flatMap(({ member, score, metadata }) => [
            member,
            mirrored(score, board.order),
            metadata ?? "",
          ]),
        ],
        { timeoutMs },
      );
    }),
  );
  return reply.kind === "no_such_board" && wasAmbiguous ? { kind: "ambiguous" } : reply;
}

const runSubmit = defineScript<
  [
    operation: string,
    board: string,
    metadata: string,
    members: string,
    sequence: string,
    ...rankings: string[],
  ],
  [
    board: string,
    expiresAtMs: number,
    answerUntilMs: number,
    refusalUntilMs: number,
    fingerprint: string,
    nonce: string,
    day: number,
    mode: string,
    tie: string,
    rankMode: string,
    membersMax: number,
    closedIds: string,
    order: string,
    ...rankingsThenScores: (string | number)[],
  ],
  Submitted | Correction | Expired
>(submitSource, (reply) => {
  const [kind, answer, isReplay] = list(reply);
  if (kind === "mismatch") return { kind: "idempotency_mismatch" };
  if (kind === "answer") return { ...parseAnswer(text(answer)), isReplay: integer(isReplay) === 1 };
  const correction = correctionOf(reply);
  if (correction === null) throw new MalformedReply();
  return correction;
});
