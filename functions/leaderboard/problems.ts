/**
 * @module
 * The problems that only the leaderboard has.
 */
import type { Context } from "hono";
import type { AppEnv } from "../http/app-env.ts";
import { type FieldError, problem } from "../http/problem.ts";
import { type BoardDefinition, differences } from "./board.ts";
import { METADATA_BYTES_MAX } from "./metadata.ts";
import { SCORE_MAX } from "./score.ts";
import { MEMBERS_MAX } from "./scores.ts";

type Ctx = Context<AppEnv>;

/** `outcome` besides, where a write was refused. */
const NOT_APPLIED = { outcome: "not_applied" } as const;

export function noSuchBoard(c: Ctx): Response {
  const outcome = c.get("endpoint")?.mutates ? NOT_APPLIED : {};
  return problem(c, {
    status: 404,
    code: "no_such_board",
    title: "No such board",
    detail: "Create it first: PUT /leaderboard/boards/{board}.",
    ...outcome,
  });
}

export function noSuchMember(c: Ctx): Response {
  const detail = "This ranking has no such member.";
  return problem(c, { status: 404, code: "no_such_member", title: "No such member", detail });
}

export function noSuchWindow(c: Ctx): Response {
  return problem(c, {
    status: 422,
    code: "no_such_window",
    title: "No such window",
    detail: "The board keeps no ranking of this window: its windows are given when it is created.",
  });
}

export function badCursor(c: Ctx): Response {
  return problem(c, {
    status: 400,
    code: "bad_cursor",
    title: "Bad cursor",
    detail: "Give back a cursor exactly as it was received, or leave it out to start at the top.",
    errors: [{ at: "query.cursor", message: "is not a cursor" }],
  });
}

export function staleCursor(c: Ctx): Response {
  return problem(c, {
    status: 400,
    code: "stale_cursor",
    title: "Stale cursor",
    detail:
      "The cursor is of another ranking: the board was reset since, or the window's period is over. Leave it out to start at the top.",
    errors: [{ at: "query.cursor", message: "is of another ranking" }],
  });
}

export function boardDiffers(c: Ctx, present: BoardDefinition, wanted: BoardDefinition): Response {
  const errors = differences(present, wanted).map(({ field, present }) => ({
    at: `body.${field}`,
    message: `is ${present} on the board`,
  }));
  return problem(c, {
    status: 409,
    code: "board_differs",
    title: "Board differs",
    detail:
      "The board exists with another configuration, which cannot change. Use another name, or delete it first.",
    errors,
  });
}

export function boardFull(c: Ctx): Response {
  return problem(c, {
    status: 409,
    code: "board_full",
    title: "Board full",
    detail: `A board holds at most ${MEMBERS_MAX} members. Remove some, or use another board.`,
  });
}

export function scoreRange(c: Ctx, error: FieldError): Response {
  return problem(c, {
    status: 422,
    code: "score_range",
    title: "Score out of range",
    detail: `A score is an integer from -${SCORE_MAX} to ${SCORE_MAX}, and so is what an increment leads to.`,
    errors: [error],
    ...NOT_APPLIED,
  });
}

export function metadataTooLarge(c: Ctx, error: FieldError): Response {
  return problem(c, {
    status: 413,
    code: "too_large",
    title: "Too large",
    detail: `The metadata of a score may have at most ${METADATA_BYTES_MAX} bytes as JSON.`,
    errors: [error],
    ...NOT_APPLIED,
  });
}

export function ambiguous(c: Ctx): Response {
  return problem(c, {
    status: 503,
    code: "ambiguous",
    title: "Outcome unknown",
    detail:
      "The board has gone since an attempt that got no answer. Read the board before trying again.",
    outcome: "unknown",
  });
}
