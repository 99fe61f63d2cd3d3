/**
 * @module
 * Which rankings does a board keep on a given day, and under which ids?
 */
import type { Board } from "./board.ts";
import { ALL_TIME } from "./keys.ts";
import { periodOf, previousPeriodOf, WINDOWS, type Window } from "./windows.ts";

export interface Ranking {
  /** `all`, or the id of a period. */
  readonly id: string;
  /** Null for the ranking of all time. */
  readonly expiresAtMs: number | null;
}

export const PERIODS = ["current", "previous"] as const;

/** Which ranking a caller wants to read. */
export interface RankingChoice {
  /** Undefined for all time. */
  readonly window: Window | undefined;
  readonly period: (typeof PERIODS)[number];
}

/** The rankings that a submit changes: of all time first, then the windows in the board's order. */
export function openRankings({ windows }: Pick<Board, "windows">, day: number): Ranking[] {
  return [
    { id: ALL_TIME, expiresAtMs: null },
    ...windows
      .map((window) => periodOf(window, day))
      .map(({ id, expiresAtMs }) => ({ id, expiresAtMs })),
  ];
}

/** Periods that have closed and can still be read. */
export function closedRankingIds({ windows }: Pick<Board, "windows">, day: number): string[] {
  return windows.map((window) => previousPeriodOf(window, day).id);
}

/** Every ranking that a board of any configuration can have on this day: of all time first. */
export function everyRankingId(day: number): string[] {
  const periods = WINDOWS.flatMap((window) => [
    periodOf(window, day),
    previousPeriodOf(window, day),
  ]);
  return [ALL_TIME, ...periods.map(({ id }) => id)];
}

/** Null when the board keeps no such window. */
export function chosenRankingId(
  { windows }: Pick<Board, "windows">,
  { window, period }: RankingChoice,
  day: number,
): string | null {
  if (window === undefined) return ALL_TIME;
  if (!windows.includes(window)) return null;
  return (period === "current" ? periodOf : previousPeriodOf)(window, day).id;
}
