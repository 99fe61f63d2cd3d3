import { describe, it } from "vitest";
import { METADATA_BYTES_MAX } from "./metadata.ts";
import { SCORE_MAX } from "./score.ts";
import { submissionOf } from "./submission.ts";

describe("submissions", () => {
  it("are taken with a whole score and with metadata as text", ({ expect }) => {
    expect(submissionOf({ member: "a", score: -0 })).toStrictEqual({
      member: "a",
      score: 0,
      metadata: null,
    });
    expect(submissionOf({ member: "a", score: 1, metadata: null })).toMatchObject({
      metadata: "null",
    });
  });

  it("are refused with the part that is at fault", ({ expect }) => {
    const refused = [
      { member: "a", score: SCORE_MAX + 1 },
      { member: "a", score: 0.5 },
      { member: "a", score: Number.POSITIVE_INFINITY },
      { member: "a", score: 1, metadata: "x".repeat(METADATA_BYTES_MAX) },
      { member: "a", score: 1, metadata: Number.POSITIVE_INFINITY },
    ].map(submissionOf);
    expect(refused.map((refusal) => "kind" in refusal && [refusal.kind, refusal.at])).toEqual([
      ["score_range", "score"],
      ["score_range", "score"],
      ["score_range", "score"],
      ["metadata_too_large", "metadata"],
      ["bad_metadata", "metadata"],
    ]);
  });
});
