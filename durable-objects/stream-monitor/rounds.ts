/** How long after one round of upkeep the next follows, while there is something to look after. */
export const UPKEEP_MS = 30_000;
/** The longest that a topic without consumers goes unwatched. */
const UPKEEP_IDLE_MS_MAX = 10 * 60_000;

/** Rarer and rarer while nothing is there; null when the topic is gone. */
export function nextRoundMs(
  everyMs: number,
  found: "busy" | "idle" | "gone" | "failed",
): number | null {
  switch (found) {
    case "gone":
      return null;
    case "busy":
      return UPKEEP_MS;
    case "failed":
      return everyMs;
    case "idle":
      return Math.min(UPKEEP_IDLE_MS_MAX, everyMs * 2);
  }
}
