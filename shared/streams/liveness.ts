/** A consumer that has neither polled nor prolonged a message for so many of its group's visibilities is dead. */
const VISIBILITIES = 3;
/** And for no less than this: longer than any poll waits. */
const SILENCE_MS_MIN = 30_000;

export function deadAfterMs(visibilityMs: number): number {
  return Math.max(SILENCE_MS_MIN, VISIBILITIES * visibilityMs);
}
