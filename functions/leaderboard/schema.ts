/**
 * @module
 * The shapes that leaderboard requests and replies have in common; `endpoints.ts` says where they go.
 */
import * as z from "zod";
import { Name, queryInteger } from "../http/names.ts";
import { MODES, ORDERS, RANK_MODES, TIES } from "./board.ts";
import { CURSOR_CHARACTERS_MAX } from "./cursor.ts";
import { METADATA_BYTES_MAX } from "./metadata.ts";
import { PAGE_ENTRIES_MAX, RADIUS_MAX, RANKS_MAX } from "./ranking.ts";
import { PERIODS } from "./rankings.ts";
import { SCORE_MAX } from "./score.ts";
import { WINDOWS } from "./windows.ts";

/** Scores in one batch. */
const SCORES_MAX = 100;

const RADIUS_DEFAULT = 5;
const LIMIT_DEFAULT = 10;
/** Entries of a range that names no end. */
export const RANGE_DEFAULT = 100;

export const BoardParams = z.strictObject({ board: Name });

export const MemberParams = z.strictObject({ board: Name, member: Name });

const definition = {
  order: z.enum(ORDERS).meta({ description: "`desc`: the highest score is best" }),
  mode: z.enum(MODES).meta({
    description: "What a submit does to a score: replace it, keep the better one, or add to it",
  }),
  tie: z.enum(TIES).meta({
    description:
      "Who of equal scores is ahead: who reached it first, who reached it last, or the lesser member in byte order",
  }),
};

const Windows = z.array(z.enum(WINDOWS)).max(WINDOWS.length);

const RankMode = z.enum(RANK_MODES).meta({
  description: "`ordinal`: 1234; `competition`: equal scores share the better rank, 1224",
});

export const BoardBody = z.strictObject({
  ...definition,
  windows: Windows.refine((windows) => new Set(windows).size === windows.length, {
    error: "must name a window once",
  })
    .transform((windows) => WINDOWS.filter((window) => windows.includes(window)))
    .prefault([])
    .meta({ description: "Rankings besides that of all time; days, ISO weeks and months in UTC" }),
  rankMode: RankMode.default("ordinal"),
});

export const BoardReply = z.strictObject({
  board: Name,
  ...definition,
  windows: Windows,
  rankMode: RankMode,
  revision: z.string().meta({ description: "Another one after each creation and each reset" }),
  createdAt: z.int(),
});

const Score = z.int().min(-SCORE_MAX).max(SCORE_MAX);

/** Any JSON number gets this far: one that no board can hold is refused with another status. */
const GivenScore = z
  .unknown()
  .transform((value, ctx): number => {
    if (typeof value === "number") return value;
    ctx.issues.push({ code: "custom", input: value, message: "must be a number" });
    return z.NEVER;
  })
  .meta({ type: "integer", minimum: -SCORE_MAX, maximum: SCORE_MAX });

const Metadata = z.unknown().meta({
  description: `Any JSON value of at most ${METADATA_BYTES_MAX} bytes`,
});

export const ScoreBody = z.strictObject({
  member: Name,
  score: GivenScore.meta({ description: "With mode `increment`: what is added" }),
  metadata: Metadata.optional(),
});

export const ScoresBody = z.strictObject({
  scores: z.array(ScoreBody).min(1).max(SCORES_MAX),
});

const Rank = z.int().min(1);
const Total = z.int().min(0).meta({ description: "Entries in the ranking" });

export const SubmitReply = z.strictObject({
  applied: z.boolean().meta({
    description: "False when the board keeps best scores and the one it has is as good",
  }),
  previous: Score.nullable().meta({ description: "Before this; null for a new member" }),
  score: Score.meta({ description: "Now" }),
  rank: Rank,
  total: Total,
});

export const SubmitsReply = z.strictObject({
  results: z.array(SubmitReply).meta({
    description: "In the order of the scores, as if they had been submitted one after another",
  }),
});

const Entry = z.strictObject({
  rank: Rank,
  member: Name,
  score: Score,
  metadata: Metadata.optional(),
});

export const RankReply = z.strictObject({ rank: Rank, member: Name, score: Score, total: Total });

export const EntriesReply = z.strictObject({ entries: z.array(Entry), total: Total });

export const TopReply = EntriesReply.extend({
  cursor: z
    .string()
    .nullable()
    .meta({ description: "Opaque; give it back to read on. Null at the end" }),
});

export const RanksBody = z.strictObject({ members: z.array(Name).min(1).max(RANKS_MAX) });

export const RanksReply = z.strictObject({
  entries: z.array(
    z.strictObject({ member: Name, rank: Rank.nullable(), score: Score.nullable() }),
  ),
});

export const ResetReply = z.strictObject({ removed: z.int().min(0) });

const choice = {
  window: z
    .enum(WINDOWS)
    .optional()
    .meta({ description: "Which ranking; without it, that of all time" }),
  period: z
    .enum(PERIODS)
    .optional()
    .meta({ description: "Of the window. `previous` can be read until the present one ends" }),
};

const hasWindow = ({ window, period }: { window?: unknown; period?: unknown }) =>
  period === undefined || window !== undefined;

const NEEDS_WINDOW = { error: "needs a window", path: ["period"] };

export const ChoiceQuery = z.strictObject(choice).refine(hasWindow, NEEDS_WINDOW);

export const TopQuery = z
  .strictObject({
    ...choice,
    limit: queryInteger({ min: 1, max: PAGE_ENTRIES_MAX }).default(LIMIT_DEFAULT),
    cursor: z.string().min(1).max(CURSOR_CHARACTERS_MAX).optional(),
  })
  .refine(hasWindow, NEEDS_WINDOW);

export const AroundQuery = z
  .strictObject({
    ...choice,
    radius: queryInteger({ min: 0, max: RADIUS_MAX }).default(RADIUS_DEFAULT),
  })
  .refine(hasWindow, NEEDS_WINDOW);

const Position = queryInteger({ min: 1, max: Number.MAX_SAFE_INTEGER });

export const RangeQuery = z
  .strictObject({
    ...choice,
    from: Position.default(1),
    to: Position.optional().meta({ description: `Included. Default: from + ${RANGE_DEFAULT - 1}` }),
  })
  .refine(hasWindow, NEEDS_WINDOW)
  .refine(({ from, to }) => to === undefined || to >= from, {
    error: "must not be less than from",
    path: ["to"],
  })
  .refine(({ from, to }) => to === undefined || to - from < PAGE_ENTRIES_MAX, {
    error: `must not be more than ${PAGE_ENTRIES_MAX - 1} beyond from`,
    path: ["to"],
  });
