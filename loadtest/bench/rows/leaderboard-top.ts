import { boardPath, fillBoard } from "../board.ts";
import type { BenchRow } from "../row.ts";

const LIMIT = 10;

export const row: BenchRow = {
  id: "leaderboard-top",
  pattern: "leaderboard",
  title: "top ten",
  trips: 1,
  prepare: fillBoard,
  request: (runId) => ({ method: "GET", path: `${boardPath(runId)}/top?limit=${LIMIT}` }),
  isRight({ status, text }) {
    const body: { readonly entries?: unknown } = JSON.parse(text);
    return status === 200 && Array.isArray(body.entries) && body.entries.length === LIMIT;
  },
};
