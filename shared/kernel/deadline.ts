import type { Clock } from "./time.ts";

/** How long before the caller's deadline a write stops being accepted by a store. */
export const WRITE_EXPIRY_MARGIN_MS = 100;

/** The instant until which an answer is worth something to the caller. */
export interface Deadline {
  /** Milliseconds since 1970 UTC, by the Worker's clock. */
  readonly expiresAtMs: number;
  /** Never negative. */
  remainingMs(): number;
}

export function deadlineAfter(clock: Clock, ms: number): Deadline {
  const expiresAtMs = clock() + ms;
  return { expiresAtMs, remainingMs: () => Math.max(0, expiresAtMs - clock()) };
}
