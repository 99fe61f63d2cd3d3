/**
 * @module
 * Calls of the pattern in the short form that tests read best in.
 */
import type { CallerOperation } from "../../../shared/kernel/operation.ts";
import type { BoardDefinition } from "../board.ts";
import { createBoard } from "../boards.ts";
import { readRange } from "../ranking.ts";
import type { RankingChoice } from "../rankings.ts";
import { submitScores } from "../scores.ts";
import type { Stand } from "./stand.ts";
import { definitionOf } from "./stand.ts";

export const ALL_TIME: RankingChoice = { window: undefined, period: "current" };

export function windowed(
  window: RankingChoice["window"],
  period: RankingChoice["period"] = "current",
): RankingChoice {
  return { window, period };
}

export interface SubmitOptions {
  readonly caller?: CallerOperation;
  readonly deadlineMs?: number;
  /** JSON text, for each of the scores. */
  readonly metadata?: string;
}

export function createCalls(stand: Stand) {
  return {
    /** A board that no other test has. */
    async newBoard(definition: Partial<BoardDefinition> = {}): Promise<string> {
      const name = `board-${crypto.randomUUID()}`;
      const { kind } = await createBoard(stand.request(), name, definitionOf(definition));
      if (kind !== "created") throw new Error(`the board is ${kind}`);
      return name;
    },

    submit(
      board: string,
      scores: readonly (readonly [member: string, score: number])[],
      { caller, deadlineMs = 10_000, metadata }: SubmitOptions = {},
    ) {
      const submissions = scores.map(([member, score]) => ({
        member,
        score,
        metadata: metadata ?? null,
      }));
      return submitScores(stand.request({ deadlineMs }), board, submissions, caller ?? null);
    },

    /** `member score` of the first hundred, best first. */
    async standings(board: string, choice: RankingChoice = ALL_TIME): Promise<string[]> {
      const page = await readRange(stand.request(), board, choice, { from: 1, to: 100 });
      if (page.kind !== "page") throw new Error(`cannot read: ${page.kind}`);
      return page.entries.map(({ member, score }) => `${member} ${score}`);
    },
  };
}

export function caller(idempotencyKey: string, scope = "scores"): { caller: CallerOperation } {
  return { caller: { idempotencyKey, scope } };
}
