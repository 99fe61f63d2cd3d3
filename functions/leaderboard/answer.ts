/**
 * @module
 * What a submit was answered, as the store keeps it for repeats.
 *
 *     done <order> <applied> <previous or n> <score> <rank> <total>;...
 *     score_range <which>
 *     board_full
 *
 * Scores are stored scores. The order stands beside them because a repeat may find the board made anew
 * with another one.
 */
import { integer, MalformedReply } from "../../shared/redis/reply.ts";
import { mirrored, type Order } from "./score.ts";

export interface SubmitResult {
  /** False when the board keeps best scores and the one it has is as good. Speaks of all time. */
  readonly applied: boolean;
  readonly previous: number | null;
  readonly score: number;
  readonly rank: number;
  readonly total: number;
}

export type Answer =
  | { readonly kind: "done"; readonly results: readonly SubmitResult[] }
  /** An increment would lead out of the range of scores; `which` counts from 0. */
  | { readonly kind: "score_range"; readonly which: number }
  | { readonly kind: "board_full" };

/** @throws MalformedReply when the text is not of this format */
export function parseAnswer(text: string): Answer {
  const [kind, fact, ...rest] = text.split(" ");
  if (kind === "board_full") return { kind };
  if (kind === "score_range") return { kind, which: integer(fact) };
  if (kind !== "done" || (fact !== "desc" && fact !== "asc")) throw new MalformedReply();
  const results = rest.join(" ").split(";");
  return { kind, results: results.map((result) => resultOf(result, fact)) };
}

function resultOf(text: string, order: Order): SubmitResult {
  const [applied, previous, score, rank, total] = text.split(" ");
  return {
    applied: applied === "1",
    previous: previous === "n" ? null : mirrored(integer(previous), order),
    score: mirrored(integer(score), order),
    rank: integer(rank),
    total: integer(total),
  };
}
