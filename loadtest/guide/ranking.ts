/**
 * @module
 * Ranking measured numbers without pretending to know more than was measured.
 *
 * A candidate's rank is one more than the number of candidates that are certainly better, that is, whose
 * whole interval lies on the better side of its own. Overlapping intervals therefore share a rank, and no
 * order of the input changes anything.
 */
import { type Estimate, overlaps } from "../statistics/interval.ts";

export type Better = "higher" | "lower";

export interface Candidate {
  readonly id: string;
  readonly estimate: Estimate;
}

export interface Ranked extends Candidate {
  readonly rank: number;
  /** Ids of the others whose intervals overlap with this one's, in order of rank. */
  readonly tiedWith: readonly string[];
}

function isCertainlyBetter(a: Estimate, b: Estimate, better: Better): boolean {
  return better === "higher" ? a.low > b.high : a.high < b.low;
}

/** Best first; equal ranks in order of their measured value, then of their id. */
export function rank(candidates: readonly Candidate[], better: Better): Ranked[] {
  const sign = better === "higher" ? -1 : 1;
  const ranked = candidates.map((candidate) => ({
    ...candidate,
    rank:
      1 +
      candidates.filter((other) => isCertainlyBetter(other.estimate, candidate.estimate, better))
        .length,
  }));
  ranked.sort(
    (a, b) =>
      a.rank - b.rank || sign * (a.estimate.value - b.estimate.value) || (a.id < b.id ? -1 : 1),
  );
  return ranked.map((one) => ({
    ...one,
    tiedWith: ranked
      .filter((other) => other.id !== one.id && overlaps(other.estimate, one.estimate))
      .map((other) => other.id),
  }));
}
