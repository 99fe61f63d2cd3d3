import fc from "fast-check";
import { describe, it } from "vitest";
import { isScore, mirrored, SCORE_MAX } from "./score.ts";

describe("scores", () => {
  it("are the integers that a double holds exactly", ({ expect }) => {
    const taken = [0, -0, 1, -1, SCORE_MAX, -SCORE_MAX].map(isScore);
    const refused = [SCORE_MAX + 1, -SCORE_MAX - 1, 0.5, Number.POSITIVE_INFINITY, Number.NaN].map(
      isScore,
    );
    expect(taken).toEqual(taken.map(() => true));
    expect(refused).toEqual(refused.map(() => false));
  });

  it("are stored so that the better one is the lesser one, and come back as they were", ({
    expect,
  }) => {
    const score = fc.maxSafeInteger();
    fc.assert(
      fc.property(score, score, (a, b) => {
        expect(mirrored(a, "desc") < mirrored(b, "desc")).toBe(a > b);
        expect(mirrored(a, "asc") < mirrored(b, "asc")).toBe(a < b);
        expect(mirrored(mirrored(a, "desc"), "desc")).toBe(a + 0);
      }),
    );
  });

  it("never become -0, which Redis would print", ({ expect }) => {
    const zeros = [mirrored(0, "desc"), mirrored(-0, "desc"), mirrored(-0, "asc")];
    expect(zeros.map((zero) => Object.is(zero, 0))).toEqual([true, true, true]);
  });
});
