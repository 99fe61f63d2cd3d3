/**
 * @module
 * Counts by subject, and how two sets of counts become one.
 *
 * A subject is an operation (`leaderboard.submit`) or a pattern (`cache-aside`); a counter is a `kind:label`
 * pair (`status:200`, `code:held`, `le:0.005`, `event:hits`) or a kind alone (`trips`). Keeping counters as
 * plain names lets a Worker and a hub of different versions add up what either of them knows.
 *
 * Invariants:
 *
 * 1. Adding is commutative and loses nothing: the total of a counter is the sum of its deltas.
 * 2. Both the subjects and the counters of a subject are bounded; what comes beyond counts as `other`.
 */
export type Counters = Readonly<Record<string, number>>;

export type Totals = Readonly<Record<string, Counters>>;

export const SUBJECTS_MAX = 400;
export const COUNTERS_MAX = 150;
export const OTHER = "other";

/** One delivery of an isolate's counts to the hub. */
export interface Batch {
  /** The isolate, by a random id. */
  readonly source: string;
  /** Counts the isolate's batches from 1; a batch that is sent again keeps its number. */
  readonly sequence: number;
  readonly delta: Totals;
}

/** The sum of both, with at most `COUNTERS_MAX` counters (and `other`). */
export function addCounters(total: Counters, delta: Counters): Counters {
  const sum = new Map(Object.entries(total));
  for (const [name, value] of Object.entries(delta)) {
    const counted = sum.has(name) || sum.size < COUNTERS_MAX ? name : otherOf(name);
    sum.set(counted, (sum.get(counted) ?? 0) + value);
  }
  return Object.fromEntries(sum);
}

/** `status:other` of `status:418`: a label that does not fit is lost, its kind is not. */
function otherOf(name: string): string {
  const [kind, label] = name.split(":", 2);
  return label === undefined ? OTHER : `${kind}:${OTHER}`;
}
