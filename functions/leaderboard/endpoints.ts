/**
 * @module
 * The endpoints of the leaderboard as data: what each accepts and what it answers.
 */
import type { EndpointSpec } from "../http/endpoint.ts";
import { IDEMPOTENCY_KEY } from "../http/headers.ts";
import {
  AroundQuery,
  BoardBody,
  BoardParams,
  BoardReply,
  ChoiceQuery,
  EntriesReply,
  MemberParams,
  RangeQuery,
  RankReply,
  RanksBody,
  RanksReply,
  ResetReply,
  ScoreBody,
  ScoresBody,
  SubmitReply,
  SubmitsReply,
  TopQuery,
  TopReply,
} from "./schema.ts";

const REPLAYED = {
  "Idempotency-Replayed":
    "`true` when an earlier request with this Idempotency-Key was answered so",
};

const STORE_PROBLEMS = { 503: ["redis_unavailable"], 504: ["deadline"] } as const;

const READ_PROBLEMS = {
  404: ["no_such_board"],
  422: ["no_such_window"],
  ...STORE_PROBLEMS,
} as const;

const SUBMIT_PROBLEMS = {
  404: ["no_such_board"],
  409: ["board_full"],
  413: ["too_large"],
  422: ["score_range", "idempotency_mismatch"],
  503: ["redis_unavailable", "ambiguous"],
  504: ["deadline"],
} as const;

export const PUT_BOARD = {
  operation: "leaderboard.put-board",
  summary: "Create a board; its configuration cannot change afterwards",
  scope: "write",
  mutates: true,
  params: BoardParams,
  body: BoardBody,
  replies: {
    200: { description: "It exists with this configuration", schema: BoardReply },
    201: { description: "Created", schema: BoardReply },
  },
  problems: { 409: ["board_differs"], ...STORE_PROBLEMS },
} as const satisfies EndpointSpec;

export const GET_BOARD = {
  operation: "leaderboard.get-board",
  summary: "Read a board's configuration",
  scope: "read",
  mutates: false,
  params: BoardParams,
  replies: { 200: { description: "The configuration", schema: BoardReply } },
  problems: { 404: ["no_such_board"], ...STORE_PROBLEMS },
} as const satisfies EndpointSpec;

export const DELETE_BOARD = {
  operation: "leaderboard.delete-board",
  summary: "Delete a board with everything on it, also when there is none",
  scope: "admin",
  mutates: true,
  params: BoardParams,
  replies: { 204: { description: "There is no such board any more" } },
  problems: STORE_PROBLEMS,
} as const satisfies EndpointSpec;

export const RESET = {
  operation: "leaderboard.reset",
  summary: "Remove every entry of a board and keep its configuration",
  scope: "admin",
  mutates: true,
  params: BoardParams,
  replies: {
    200: { description: "How many members were on the board", schema: ResetReply },
  },
  problems: { 404: ["no_such_board"], ...STORE_PROBLEMS },
} as const satisfies EndpointSpec;

export const SUBMIT = {
  operation: "leaderboard.submit",
  summary: "Submit a score to a board and its windows",
  scope: "write",
  mutates: true,
  params: BoardParams,
  body: ScoreBody,
  headers: [IDEMPOTENCY_KEY],
  replies: {
    200: {
      description: "Where the member is now, of all time",
      schema: SubmitReply,
      headers: REPLAYED,
    },
  },
  problems: SUBMIT_PROBLEMS,
} as const satisfies EndpointSpec;

export const SUBMIT_BATCH = {
  operation: "leaderboard.submit-batch",
  summary: "Submit up to 100 scores, all or none",
  scope: "write",
  mutates: true,
  params: BoardParams,
  body: ScoresBody,
  headers: [IDEMPOTENCY_KEY],
  replies: {
    200: { description: "What each did", schema: SubmitsReply, headers: REPLAYED },
  },
  problems: SUBMIT_PROBLEMS,
} as const satisfies EndpointSpec;

export const REMOVE_MEMBER = {
  operation: "leaderboard.remove-member",
  summary: "Remove a member and all that is stored about it, also when there is none",
  scope: "write",
  mutates: true,
  params: MemberParams,
  replies: { 204: { description: "Nothing about the member is left, in no window" } },
  problems: { 404: ["no_such_board"], ...STORE_PROBLEMS },
} as const satisfies EndpointSpec;

export const TOP = {
  operation: "leaderboard.top",
  summary: "Read the best entries, page by page",
  scope: "read",
  mutates: false,
  params: BoardParams,
  query: TopQuery,
  replies: { 200: { description: "A page, best first", schema: TopReply } },
  problems: { ...READ_PROBLEMS, 400: ["bad_cursor", "stale_cursor"] },
} as const satisfies EndpointSpec;

export const RANGE = {
  operation: "leaderboard.range",
  summary: "Read the entries at given positions",
  scope: "read",
  mutates: false,
  params: BoardParams,
  query: RangeQuery,
  replies: { 200: { description: "The entries, best first", schema: EntriesReply } },
  problems: READ_PROBLEMS,
} as const satisfies EndpointSpec;

export const RANK = {
  operation: "leaderboard.rank",
  summary: "Read a member's rank and score",
  scope: "read",
  mutates: false,
  params: MemberParams,
  query: ChoiceQuery,
  replies: { 200: { description: "Where the member is", schema: RankReply } },
  problems: { ...READ_PROBLEMS, 404: ["no_such_board", "no_such_member"] },
} as const satisfies EndpointSpec;

export const AROUND = {
  operation: "leaderboard.around",
  summary: "Read a member's entry and its neighbours",
  scope: "read",
  mutates: false,
  params: MemberParams,
  query: AroundQuery,
  replies: {
    200: {
      description:
        "The member between `radius` neighbours on each side; where one side ends the other gives more",
      schema: EntriesReply,
    },
  },
  problems: { ...READ_PROBLEMS, 404: ["no_such_board", "no_such_member"] },
} as const satisfies EndpointSpec;

export const RANKS = {
  operation: "leaderboard.ranks",
  summary: "Read the ranks of up to 100 members",
  scope: "read",
  mutates: false,
  params: BoardParams,
  query: ChoiceQuery,
  body: RanksBody,
  replies: {
    200: {
      description: "In the order asked; null for a member that is not in the ranking",
      schema: RanksReply,
    },
  },
  problems: READ_PROBLEMS,
} as const satisfies EndpointSpec;
