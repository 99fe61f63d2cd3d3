/**
 * @module
 * HTTP face of the leaderboard. A route parses, makes one call into the pattern, and chooses a status.
 */
import { type Context, Hono } from "hono";
import { assert } from "../../shared/kernel/assert.ts";
import { attemptRead } from "../../shared/kernel/attempts.ts";
import type { AppEnv } from "../http/app-env.ts";
import { endpoint } from "../http/endpoint.ts";
import { IDEMPOTENCY_KEY } from "../http/headers.ts";
import { idempotencyMismatch, invalid } from "../http/problems.ts";
import { KNOWN_BOARDS, type LeaderboardAccess, readBoard } from "./access.ts";
import type { SubmitResult } from "./answer.ts";
import type { Board } from "./board.ts";
import { createBoard, removeBoard, resetBoard } from "./boards.ts";
import { decodeCursor } from "./cursor.ts";
import {
  AROUND,
  DELETE_BOARD,
  GET_BOARD,
  PUT_BOARD,
  RANGE,
  RANK,
  RANKS,
  REMOVE_MEMBER,
  RESET,
  SUBMIT,
  SUBMIT_BATCH,
  TOP,
} from "./endpoints.ts";
import type { Entry } from "./entries.ts";
import { removeMember } from "./members.ts";
import {
  ambiguous,
  badCursor,
  boardDiffers,
  boardFull,
  metadataTooLarge,
  noSuchBoard,
  noSuchMember,
  noSuchWindow,
  scoreRange,
  staleCursor,
} from "./problems.ts";
import { type NotReadable, readAround, readRange, readRanks, readTop } from "./ranking.ts";
import type { RankingChoice } from "./rankings.ts";
import { RANGE_DEFAULT } from "./schema.ts";
import { submitScores } from "./scores.ts";
import {
  type GivenSubmission,
  type Submission,
  submissionOf,
  type Unacceptable,
} from "./submission.ts";
import type { Window } from "./windows.ts";
import { brokenScores } from "./written-score.ts";

type Ctx = Context<AppEnv>;

export const leaderboardRoutes = new Hono<AppEnv>()
  .put("/boards/:board", endpoint(PUT_BOARD), async (c) => {
    const { board } = c.req.valid("param");
    const wanted = c.req.valid("json");
    const created = await createBoard(accessOf(c), board, wanted);
    switch (created.kind) {
      case "created":
        return c.json(boardReply(board, created.board), 201);
      case "unchanged":
        return c.json(boardReply(board, created.board), 200);
      case "differs":
        return boardDiffers(c, created.board, wanted);
    }
  })
  .get("/boards/:board", endpoint(GET_BOARD), async (c) => {
    const { board } = c.req.valid("param");
    const access = accessOf(c);
    const found = await attemptRead(access.attempts, (timeoutMs) =>
      readBoard(access, board, { timeoutMs }),
    );
    return found === null ? noSuchBoard(c) : c.json(boardReply(board, found), 200);
  })
  .delete("/boards/:board", endpoint(DELETE_BOARD), async (c) => {
    await removeBoard(accessOf(c), c.req.valid("param").board);
    return c.body(null, 204);
  })
  .post("/boards/:board/reset", endpoint(RESET), async (c) => {
    const cleared = await resetBoard(accessOf(c), c.req.valid("param").board);
    if (cleared.kind === "no_such_board") return noSuchBoard(c);
    return c.json({ removed: cleared.removed }, 200);
  })
  .post("/boards/:board/scores", endpoint(SUBMIT), async (c) => {
    const { board } = c.req.valid("param");
    const given = [c.req.valid("json")];
    const results = await submit(c, { board, scope: "scores", given, at: () => "body" });
    if (results instanceof Response) return results;
    const [result] = results;
    assert(result !== undefined, "a submit has a result for each score");
    return c.json(result, 200);
  })
  .post("/boards/:board/scores/batch", endpoint(SUBMIT_BATCH), async (c) => {
    const { board } = c.req.valid("param");
    const { scores: given } = c.req.valid("json");
    const at = (which: number) => `body.scores.${which}`;
    const results = await submit(c, { board, scope: "scores/batch", given, at });
    return results instanceof Response ? results : c.json({ results }, 200);
  })
  .delete("/boards/:board/members/:member", endpoint(REMOVE_MEMBER), async (c) => {
    const { board, member } = c.req.valid("param");
    const removed = await removeMember(accessOf(c), board, member);
    return removed.kind === "no_such_board" ? noSuchBoard(c) : c.body(null, 204);
  })
  .get("/boards/:board/top", endpoint(TOP), async (c) => {
    const { limit, cursor: given, ...query } = c.req.valid("query");
    const cursor = given === undefined ? null : decodeCursor(given);
    if (given !== undefined && cursor === null) return badCursor(c);
    const { board } = c.req.valid("param");
    const page = await readTop(accessOf(c), board, choiceOf(query), { limit, cursor });
    if (page.kind === "stale_cursor") return staleCursor(c);
    if (page.kind !== "page") return notReadable(c, page);
    const { entries, total, cursor: next } = page;
    return c.json({ entries: entries.map(entryReply), total, cursor: next }, 200);
  })
  .get("/boards/:board/range", endpoint(RANGE), async (c) => {
    const { from, to = from + RANGE_DEFAULT - 1, ...query } = c.req.valid("query");
    const { board } = c.req.valid("param");
    const page = await readRange(accessOf(c), board, choiceOf(query), { from, to });
    if (page.kind !== "page") return notReadable(c, page);
    return c.json({ entries: page.entries.map(entryReply), total: page.total }, 200);
  })
  .get("/boards/:board/members/:member", endpoint(RANK), async (c) => {
    const { board, member } = c.req.valid("param");
    const choice = choiceOf(c.req.valid("query"));
    const page = await readAround(accessOf(c), board, choice, { member, radius: 0 });
    if (page.kind === "no_such_member") return noSuchMember(c);
    if (page.kind !== "page") return notReadable(c, page);
    const [entry] = page.entries;
    if (entry === undefined) return noSuchMember(c);
    const { rank, score } = entry;
    return c.json({ rank, member, score, total: page.total }, 200);
  })
  .get("/boards/:board/members/:member/around", endpoint(AROUND), async (c) => {
    const { board, member } = c.req.valid("param");
    const { radius, ...query } = c.req.valid("query");
    const page = await readAround(accessOf(c), board, choiceOf(query), { member, radius });
    if (page.kind === "no_such_member") return noSuchMember(c);
    if (page.kind !== "page") return notReadable(c, page);
    return c.json({ entries: page.entries.map(entryReply), total: page.total }, 200);
  })
  .post("/boards/:board/members/ranks", endpoint(RANKS), async (c) => {
    const { members } = c.req.valid("json");
    const choice = choiceOf(c.req.valid("query"));
    const ranks = await readRanks(accessOf(c), c.req.valid("param").board, choice, members);
    if (ranks.kind !== "ranks") return notReadable(c, ranks);
    return c.json({ entries: ranks.entries }, 200);
  });

function accessOf(c: Ctx): LeaderboardAccess {
  const { redis, attempts, newId, caches, config } = c.get("deps");
  return {
    redis,
    attempts,
    newId,
    known: caches.named<Board>("leaderboard.boards", KNOWN_BOARDS),
    space: { instance: config.instance, tenant: c.get("principal").tenant },
  };
}

interface SubmitCall {
  readonly board: string;
  /** What an idempotency key is unique within: the end of the path. */
  readonly scope: string;
  readonly given: readonly GivenSubmission[];
  /** Where in the request a submission stands. */
  readonly at: (which: number) => string;
}

/** The results, or the problem that says why there are none. */
async function submit(
  c: Ctx,
  { board, scope, given, at }: SubmitCall,
): Promise<readonly SubmitResult[] | Response> {
  const submissions: Submission[] = [];
  for (const [which, score] of given.entries()) {
    const submission = submissionOf(score);
    if ("kind" in submission) return unacceptable(c, at(which), submission);
    submissions.push(submission);
  }
  const [broken] = brokenScores(c.get("bodyText"));
  if (broken !== undefined) {
    return scoreRange(c, { at: `${at(broken)}.score`, message: "must be a whole number" });
  }
  const idempotencyKey = c.req.header(IDEMPOTENCY_KEY.name);
  const caller = idempotencyKey === undefined ? null : { idempotencyKey, scope };
  const submitted = await submitScores(accessOf(c), board, submissions, caller);
  if ("isReplay" in submitted && submitted.isReplay) c.header("Idempotency-Replayed", "true");
  switch (submitted.kind) {
    case "done":
      return submitted.results;
    case "score_range":
      return scoreRange(c, {
        at: `${at(submitted.which)}.score`,
        message: "leads out of the range of scores",
      });
    case "board_full":
      return boardFull(c);
    case "idempotency_mismatch":
      return idempotencyMismatch(c);
    case "ambiguous":
      return ambiguous(c);
    case "no_such_board":
      return noSuchBoard(c);
  }
}

function unacceptable(c: Ctx, part: string, { kind, at, message }: Unacceptable): Response {
  const error = { at: `${part}.${at}`, message };
  switch (kind) {
    case "score_range":
      return scoreRange(c, error);
    case "metadata_too_large":
      return metadataTooLarge(c, error);
    case "bad_metadata":
      return invalid(c, "bad_body", [error]);
  }
}

function notReadable(c: Ctx, { kind }: NotReadable): Response {
  return kind === "no_such_board" ? noSuchBoard(c) : noSuchWindow(c);
}

function choiceOf(query: {
  readonly window?: Window | undefined;
  readonly period?: RankingChoice["period"] | undefined;
}): RankingChoice {
  return { window: query.window, period: query.period ?? "current" };
}

function boardReply(board: string, stored: Board) {
  const { order, mode, tie, windows, rankMode, revision, createdAtMs } = stored;
  return { board, order, mode, tie, windows, rankMode, revision, createdAt: createdAtMs };
}

function entryReply({ rank, member, score, metadata }: Entry) {
  if (metadata === null) return { rank, member, score };
  return { rank, member, score, metadata: JSON.parse(metadata) as unknown };
}
