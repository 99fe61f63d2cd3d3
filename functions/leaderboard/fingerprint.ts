import { shortHash } from "../../shared/kernel/short-hash.ts";
import type { Submission } from "./submission.ts";

/**
 * By what a submit is told from another one with the same idempotency key. Holds no space. A name holds no
 * `=`, so that one score can speak for itself; more are hashed, since every submit of a day is kept.
 */
export function fingerprint(submissions: readonly Submission[]): string {
  const [first] = submissions;
  if (first !== undefined && submissions.length === 1 && first.metadata === null) {
    return `${first.member}=${first.score}`;
  }
  return shortHash(
    submissions
      .map(({ member, score, metadata }) => `${member} ${score} ${metadata ?? ""}`)
      .join("\n"),
  );
}
