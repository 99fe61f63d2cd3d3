/**
 * @module
 * How many requests of an isolate may read from Postgres at once while Redis cannot shield it?
 *
 * Invariants:
 *
 * 1. At most `placesMax` tickets are out whose time has not passed.
 * 2. A ticket is good until its time only: a request that the platform cancels never gives its ticket back.
 */
export interface Gate {
  /** A ticket, or null when every place is taken. */
  enter(nowMs: number, untilMs: number): number | null;
  leave(ticket: number): void;
}

export function createGate(placesMax: number): Gate {
  const untilMsByTicket = new Map<number, number>();
  let lastTicket = 0;
  return {
    enter(nowMs, untilMs) {
      if (untilMsByTicket.size >= placesMax) {
        for (const [ticket, endMs] of untilMsByTicket) {
          if (endMs <= nowMs) untilMsByTicket.delete(ticket);
        }
      }
      if (untilMsByTicket.size >= placesMax) return null;
      lastTicket += 1;
      untilMsByTicket.set(lastTicket, untilMs);
      return lastTicket;
    },
    leave(ticket) {
      untilMsByTicket.delete(ticket);
    },
  };
}
