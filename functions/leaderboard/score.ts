/**
 * @module
 * What a score may be, and how it is stored.
 *
 * Redis keeps scores as doubles, which hold every integer of this range exactly and no more (redis.io,
 * "Sorted sets"). A score is stored so that the best entry of a board has the lowest stored score: then
 * ascending order is best first on every board, and equal scores fall to the ascending element.
 */
export type Order = "desc" | "asc";

/** Largest magnitude of a score, of an increment and of the sum it leads to. */
export const SCORE_MAX = Number.MAX_SAFE_INTEGER;

export function isScore(value: number): boolean {
  return Number.isSafeInteger(value);
}

/** Score to stored score and back: it is its own inverse. Never returns -0, which Redis would print. */
export function mirrored(score: number, order: Order): number {
  return order === "desc" ? 0 - score : score + 0;
}
