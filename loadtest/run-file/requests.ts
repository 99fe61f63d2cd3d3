/**
 * @module
 * Requests of a measurement, between one object each (easy to compute with) and columns of small
 * integers (about 10 bytes a request in JSON).
 */
import type { Requests } from "./schema.ts";

export interface MeasuredRequest {
  /** Milliseconds from the first request's start to this one's end. */
  readonly endMs: number;
  readonly durationUs: number;
  /** Place in the pattern's operations. */
  readonly operation: number;
  readonly status: number;
  readonly error: string | null;
}

/** Sorts by end. */
export function toColumns(requests: readonly MeasuredRequest[]): Requests {
  const ordered = requests.toSorted((a, b) => a.endMs - b.endMs);
  const outcomes: Requests["outcomes"] = [];
  const places = new Map<string, number>();
  const columns: Requests = { endStepMs: [], durationUs: [], outcome: [], outcomes };
  let previousEndMs = 0;
  for (const { endMs, durationUs, operation, status, error } of ordered) {
    const kind = `${operation} ${status} ${error}`;
    const place = places.get(kind) ?? outcomes.push({ operation, status, error }) - 1;
    places.set(kind, place);
    columns.endStepMs.push(endMs - previousEndMs);
    columns.durationUs.push(durationUs);
    columns.outcome.push(place);
    previousEndMs = endMs;
  }
  return columns;
}

export function fromColumns(columns: Requests): MeasuredRequest[] {
  let endMs = 0;
  return columns.endStepMs.map((stepMs, place) => {
    endMs += stepMs;
    const outcome = columns.outcomes[columns.outcome[place] ?? -1];
    const durationUs = columns.durationUs[place];
    if (!outcome || durationUs === undefined) {
      throw new RangeError(`run file: the columns of the requests differ in length at ${place}`);
    }
    return { endMs, durationUs, ...outcome };
  });
}
