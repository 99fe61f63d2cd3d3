import { unit } from "../../protocol/random.ts";
import { BOARD_MEMBERS, boardPath, fillBoard, memberName } from "../board.ts";
import type { BenchRow } from "../row.ts";

const SCORES = 1_000_000;
const SALT = { member: 1, score: 2 } as const;

/** Every submit moves its member: the score is set, and hardly ever the one before. */
export const row: BenchRow = {
  id: "leaderboard-submit",
  pattern: "leaderboard",
  title: "submit a score",
  trips: 1,
  prepare: fillBoard,
  request: (runId, index) => ({
    method: "POST",
    path: `${boardPath(runId)}/scores`,
    headers: { "content-type": "application/json", "idempotency-key": `bench-${runId}-${index}` },
    body: JSON.stringify({
      member: memberName(Math.floor(unit(1, index, SALT.member) * BOARD_MEMBERS)),
      score: Math.floor(unit(1, index, SALT.score) * SCORES),
    }),
  }),
  isRight({ status, text }) {
    const body: { readonly rank?: unknown; readonly total?: unknown } = JSON.parse(text);
    return status === 200 && Number(body.rank) >= 1 && body.total === BOARD_MEMBERS;
  },
};
