/**
 * @module
 * Which stretch of time does a window cover?
 *
 * Invariants:
 *
 * 1. Every window begins and ends at midnight UTC, so the number of a day fixes the period of each window:
 *    two clocks that agree on the day agree on all of them.
 * 2. The periods of a window cover all days, each exactly once.
 * 3. No two periods share an id, whatever their windows.
 */
export const WINDOWS = ["daily", "weekly", "monthly"] as const;

export type Window = (typeof WINDOWS)[number];

export interface Period {
  /** `2026-10-23`, `2026-W43` (ISO 8601 week) or `2026-10`. */
  readonly id: string;
  /** End of the period that follows: until then this one can be read as the previous one. */
  readonly expiresAtMs: number;
}

const DAY_MS = 86_400_000;

/** Days since 1970 UTC. */
export function dayOf(nowMs: number): number {
  return Math.floor(nowMs / DAY_MS);
}

export function periodOf(window: Window, day: number): Period {
  const [first, next] = daysOf(window, day);
  const [, afterNext] = daysOf(window, next);
  return { id: idOf(window, first), expiresAtMs: afterNext * DAY_MS };
}

/** The period before the one that holds `day`. */
export function previousPeriodOf(window: Window, day: number): Period {
  const [first] = daysOf(window, day);
  return periodOf(window, first - 1);
}

/** First day of the period that holds `day`, and first day of the one after it. */
function daysOf(window: Window, day: number): readonly [first: number, next: number] {
  switch (window) {
    case "daily":
      return [day, day + 1];
    case "weekly": {
      const monday = day - weekdayOf(day);
      return [monday, monday + 7];
    }
    case "monthly": {
      const date = new Date(day * DAY_MS);
      const [year, month] = [date.getUTCFullYear(), date.getUTCMonth()];
      return [dayOf(Date.UTC(year, month)), dayOf(Date.UTC(year, month + 1))];
    }
  }
}

/** 0 is Monday. Day 0, the first of 1970, was a Thursday. */
function weekdayOf(day: number): number {
  return (((day + 3) % 7) + 7) % 7;
}

function idOf(window: Window, first: number): string {
  const date = new Date(first * DAY_MS).toISOString();
  switch (window) {
    case "daily":
      return date.slice(0, 10);
    case "weekly":
      return weekIdOf(first);
    case "monthly":
      return date.slice(0, 7);
  }
}

/** ISO 8601: a week belongs to the year that holds its Thursday. */
function weekIdOf(monday: number): string {
  const thursday = monday + 3;
  const year = new Date(thursday * DAY_MS).getUTCFullYear();
  const week = 1 + Math.floor((thursday - dayOf(Date.UTC(year, 0))) / 7);
  return `${year}-W${String(week).padStart(2, "0")}`;
}
