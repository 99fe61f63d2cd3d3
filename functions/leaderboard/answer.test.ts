import { describe, it } from "vitest";
import { MalformedReply } from "../../shared/redis/reply.ts";
import { parseAnswer } from "./answer.ts";

describe("answers of submits", () => {
  it("hold the results of all scores, in the board's own direction", ({ expect }) => {
    const answer = parseAnswer("done desc 1 n -5 1 1;0 -5 -5 2 9007199254740991");
    expect(answer).toEqual({
      kind: "done",
      results: [
        { applied: true, previous: null, score: 5, rank: 1, total: 1 },
        { applied: false, previous: 5, score: 5, rank: 2, total: 9007199254740991 },
      ],
    });
    expect(parseAnswer("done asc 1 0 -5 1 1")).toMatchObject({
      results: [{ previous: 0, score: -5 }],
    });
  });

  it("or the reason why there are none", ({ expect }) => {
    expect(parseAnswer("score_range 12")).toEqual({ kind: "score_range", which: 12 });
    expect(parseAnswer("board_full")).toEqual({ kind: "board_full" });
  });

  it("are refused in any other form", ({ expect }) => {
    for (const text of [
      "",
      "done",
      "done up 1 n 1 1 1",
      "done asc 1 n x 1 1",
      "done asc 1 n 1 1",
    ]) {
      expect(() => parseAnswer(text), text).toThrow(MalformedReply);
    }
  });
});
