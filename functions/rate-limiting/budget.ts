import type { Clock } from "../../shared/kernel/time.ts";

/** What is left from now on of `budgetMs`, for as many trips as a call takes. */
export function timeLeft(clock: Clock, budgetMs: number): () => number {
  const endsAtMs = clock() + budgetMs;
  return () => Math.max(0, endsAtMs - clock());
}
