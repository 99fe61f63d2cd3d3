/**
 * @module
 * From a score as it was sent to one that a board can take.
 */
import { encodeMetadata, METADATA_BYTES_MAX } from "./metadata.ts";
import { isScore, SCORE_MAX } from "./score.ts";

export interface Submission {
  readonly member: string;
  /** An integer within ±`SCORE_MAX`, never -0. */
  readonly score: number;
  /** JSON text; null leaves what is stored. */
  readonly metadata: string | null;
}

export interface GivenSubmission {
  readonly member: string;
  readonly score: number;
  readonly metadata?: unknown;
}

/** Why a submission cannot be taken, and which part of it is at fault. */
export interface Unacceptable {
  readonly kind: "score_range" | "metadata_too_large" | "bad_metadata";
  readonly at: string;
  readonly message: string;
}

export function submissionOf(given: GivenSubmission): Submission | Unacceptable {
  const { member, score } = given;
  if (!isScore(score)) {
    const message = `must be an integer from -${SCORE_MAX} to ${SCORE_MAX}`;
    return { kind: "score_range", at: "score", message };
  }
  if (given.metadata === undefined) return { member, score: score + 0, metadata: null };
  const metadata = encodeMetadata(given.metadata);
  switch (metadata.kind) {
    case "text":
      return { member, score: score + 0, metadata: metadata.text };
    case "too_large":
      return {
        kind: "metadata_too_large",
        at: "metadata",
        message: `must have at most ${METADATA_BYTES_MAX} bytes as JSON`,
      };
    case "not_finite":
      return {
        kind: "bad_metadata",
        at: "metadata",
        message: "must not hold a number beyond a double",
      };
  }
}
