/**
 * @module
 * Reading a ranking. Each call is one script, so what it returns stood on the board at one instant.
 */
import { attemptRead } from "../../shared/kernel/attempts.ts";
import {
  type Correction,
  type LeaderboardAccess,
  type NoSuchBoard,
  readBoard,
  withBoard,
} from "./access.ts";
import type { Board } from "./board.ts";
import { type Cursor, encodeCursor } from "./cursor.ts";
import { type Entry, entriesOf, placeCharacters, type Stretch } from "./entries.ts";
import { ALL_TIME, type BoardKeys, boardKeys } from "./keys.ts";
import { runAround, runPage, runRanks } from "./ranking-scripts.ts";
import { chosenRankingId, type RankingChoice } from "./rankings.ts";
import { mirrored } from "./score.ts";

/** Entries in one reply. */
export const PAGE_ENTRIES_MAX = 1_000;

/** Largest radius whose entries fit in a page. */
export const RADIUS_MAX = 499;

export const RANKS_MAX = 100;

export interface Page {
  readonly kind: "page";
  readonly entries: readonly Entry[];
  readonly total: number;
  /** Where to read on; null at the end. */
  readonly cursor: string | null;
}

export interface RankOf {
  readonly member: string;
  readonly rank: number | null;
  readonly score: number | null;
}

export interface Ranks {
  readonly kind: "ranks";
  readonly entries: readonly RankOf[];
}

/** The board keeps no such window. */
export interface NoSuchWindow {
  readonly kind: "no_such_window";
}

export interface NoSuchMember {
  readonly kind: "no_such_member";
}

/** The cursor is of a board that was reset since, of another one, or of a period that is not the one asked for. */
export interface StaleCursor {
  readonly kind: "stale_cursor";
}

export type NotReadable = NoSuchBoard | NoSuchWindow;

/** The best entries, or those behind a cursor. One trip while the board is cached, as all of these. */
export async function readTop(
  access: LeaderboardAccess,
  name: string,
  choice: RankingChoice,
  { limit, cursor }: { readonly limit: number; readonly cursor: Cursor | null },
): Promise<Page | StaleCursor | NotReadable> {
  const start = cursor === null ? 0 : { storedScore: cursor.storedScore, element: cursor.element };
  return await read<Page | StaleCursor>(access, name, choice, async (target, timeoutMs) => {
    const reply = await page(access, target, { start, limit, timeoutMs });
    const isForeign =
      cursor !== null &&
      (cursor.revision !== target.board.revision || cursor.rankingId !== target.rankingId);
    return reply.kind === "page" && isForeign ? { kind: "stale_cursor" } : reply;
  });
}

/** Entries by position, both ends included, from 1. */
export async function readRange(
  access: LeaderboardAccess,
  name: string,
  choice: RankingChoice,
  { from, to }: { readonly from: number; readonly to: number },
): Promise<Page | NotReadable> {
  return await read<Page>(access, name, choice, (target, timeoutMs) =>
    page(access, target, { start: from - 1, limit: to - from + 1, timeoutMs }),
  );
}

/**
 * A member's entry with `radius` neighbours on each side; where one side ends the other gives more, so
 * that there are `2 * radius + 1` entries if the ranking has so many.
 */
export async function readAround(
  access: LeaderboardAccess,
  name: string,
  choice: RankingChoice,
  { member, radius }: { readonly member: string; readonly radius: number },
): Promise<Page | NoSuchMember | NotReadable> {
  return await read<Page | NoSuchMember>(access, name, choice, async (target, timeoutMs) => {
    const { board, keys, rankingId, day } = target;
    const reply = await runAround(
      access.redis,
      [keys.board, keys.ranking(rankingId), keys.metadata, keys.members],
      [board.text, day, board.rankMode, board.tie, rankingId, member, radius],
      { timeoutMs },
    );
    return reply.kind === "stretch" ? pageOf(reply.stretch, target) : reply;
  });
}

/** The ranks of at most `RANKS_MAX` members, in the order asked; null for those not in the ranking. */
export async function readRanks(
  access: LeaderboardAccess,
  name: string,
  choice: RankingChoice,
  members: readonly string[],
): Promise<Ranks | NotReadable> {
  return await read<Ranks>(access, name, choice, async (target, timeoutMs) => {
    const { board, keys, rankingId, day } = target;
    const reply = await runRanks(
      access.redis,
      [keys.board, keys.ranking(rankingId), keys.members],
      [board.text, day, board.rankMode, board.tie, rankingId, ...members],
      { timeoutMs },
    );
    if (reply.kind !== "ranks") return reply;
    const entries = members.map((member, i) => {
      const found = reply.found[i] ?? null;
      if (found === null) return { member, rank: null, score: null };
      return { member, rank: found.rank, score: mirrored(found.storedScore, board.order) };
    });
    return { kind: "ranks", entries };
  });
}

/** One ranking of a board, as the Worker believes it to be. */
interface Target {
  readonly board: Board;
  readonly keys: BoardKeys;
  readonly rankingId: string;
  /** Empty when no clock has a say in which ranking it is. */
  readonly day: number | "";
}

async function read<Reply extends { readonly kind: string }>(
  access: LeaderboardAccess,
  name: string,
  choice: RankingChoice,
  send: (target: Target, timeoutMs: number) => Promise<Reply | Correction>,
): Promise<Reply | NotReadable> {
  const keys = boardKeys(access.space, name);
  return await attemptRead(access.attempts, (timeoutMs) =>
    withBoard<Reply | NoSuchWindow>(access, name, { timeoutMs }, async (board, day) => {
      const rankingId = chosenRankingId(board, choice, day);
      if (rankingId === null) return await missingWindow(access, name, board, timeoutMs);
      const target = { board, keys, rankingId, day: rankingId === ALL_TIME ? ("" as const) : day };
      return await send(target, timeoutMs);
    }),
  );
}

/** Says so only if the board is still the one without the window. */
async function missingWindow(
  access: LeaderboardAccess,
  name: string,
  believed: Board,
  timeoutMs: number,
): Promise<NoSuchWindow | Correction> {
  const board = await readBoard(access, name, { timeoutMs });
  if (board?.text === believed.text) return { kind: "no_such_window" };
  return { kind: "stale_board", board };
}

async function page(
  access: LeaderboardAccess,
  target: Target,
  {
    start,
    limit,
    timeoutMs,
  }: {
    /** A position from 0, or the entry to go on behind. */
    readonly start: number | Pick<Cursor, "storedScore" | "element">;
    readonly limit: number;
    readonly timeoutMs: number;
  },
): Promise<Page | Correction> {
  const { board, keys, rankingId, day } = target;
  const place =
    typeof start === "number"
      ? ([start, "", ""] as const)
      : (["", start.storedScore, start.element] as const);
  const reply = await runPage(
    access.redis,
    [keys.board, keys.ranking(rankingId), keys.metadata],
    [board.text, day, board.rankMode, placeCharacters(board), limit, ...place],
    { timeoutMs },
  );
  return reply.kind === "stretch" ? pageOf(reply.stretch, target) : reply;
}

function pageOf(stretch: Stretch, { board, rankingId }: Target): Page {
  const { total, from, elements, storedScores } = stretch;
  const element = elements.at(-1);
  const storedScore = storedScores.at(-1);
  const isEnd =
    element === undefined || storedScore === undefined || from + elements.length >= total;
  return {
    kind: "page",
    entries: entriesOf(stretch, board),
    total,
    cursor: isEnd
      ? null
      : encodeCursor({ revision: board.revision, rankingId, storedScore, element }),
  };
}
