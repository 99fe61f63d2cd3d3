/** The board that the leaderboard's rows share: filled, scores set, ties ordered by time. */
import { type BenchCaller, expectStatus } from "./row.ts";

export const BOARD_MEMBERS = 1_000;
const BATCH = 100;

export const boardPath = (runId: string): string => `/leaderboard/boards/bench-${runId}`;

export const memberName = (member: number): string => `member-${member}`;

export async function fillBoard(call: BenchCaller, runId: string): Promise<void> {
  const headers = { "content-type": "application/json" };
  const path = boardPath(runId);
  const board = JSON.stringify({ order: "desc", mode: "set", tie: "earliest" });
  expectStatus(
    await call({ method: "PUT", path, headers, body: board }),
    [200, 201],
    "creating a board",
  );
  for (let from = 0; from < BOARD_MEMBERS; from += BATCH) {
    const scores = Array.from({ length: BATCH }, (_, place) => ({
      member: memberName(from + place),
      score: from + place,
    }));
    const body = JSON.stringify({ scores });
    const reply = await call({ method: "POST", path: `${path}/scores/batch`, headers, body });
    expectStatus(reply, [200], "filling a board");
  }
  // The floor runs the script by its hash only: one submit makes sure that Redis knows it.
  const body = JSON.stringify({ member: memberName(0), score: 0 });
  expectStatus(
    await call({ method: "POST", path: `${path}/scores`, headers, body }),
    [200],
    "submitting",
  );
  expectStatus(
    await call({ method: "GET", path: `${path}/top?limit=1` }),
    [200],
    "reading the top",
  );
}
