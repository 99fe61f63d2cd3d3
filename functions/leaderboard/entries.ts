/**
 * @module
 * From a stretch of a ranking, as Redis returns it, to entries with ranks.
 *
 * Ordinal ranks are positions. Competition ranks ("1224") are one more than the number of strictly better
 * scores: equal entries share the rank of their first, whose position the stretch may not hold, so the
 * store says how many are better than the stretch's first entry.
 */
import type { Board } from "./board.ts";
import { mirrored } from "./score.ts";

export interface Entry {
  /** From 1. */
  readonly rank: number;
  readonly member: string;
  readonly score: number;
  /** JSON text; null when there is none. */
  readonly metadata: string | null;
}

/** Consecutive entries of one ranking, best first. */
export interface Stretch {
  /** Entries in the whole ranking. */
  readonly total: number;
  /** Position of the first entry, from 0. */
  readonly from: number;
  /** How many entries are strictly better than the first; equals `from` where ranks are ordinal. */
  readonly better: number;
  readonly elements: readonly string[];
  readonly storedScores: readonly number[];
  readonly metadata: readonly (string | null)[];
}

/** An element that carries its place: 16 digits and a colon, then the member. */
const PLACE_CHARACTERS = 17;

export function placeCharacters({ tie }: Pick<Board, "tie">): number {
  return tie === "member" ? 0 : PLACE_CHARACTERS;
}

export function entriesOf(
  { from, better, elements, storedScores, metadata }: Stretch,
  board: Pick<Board, "order" | "tie" | "rankMode">,
): Entry[] {
  const skip = placeCharacters(board);
  let rank = better + 1;
  return elements.map((element, i) => {
    const stored = storedScores[i] ?? 0;
    const isTied = i > 0 && stored === storedScores[i - 1];
    if (board.rankMode === "ordinal" || (i > 0 && !isTied)) rank = from + i + 1;
    return {
      rank,
      member: element.slice(skip),
      score: mirrored(stored, board.order),
      metadata: metadata[i] ?? null,
    };
  });
}
