import { describe, it } from "vitest";
import { entriesOf, type Stretch } from "./entries.ts";

const stretch: Stretch = {
  total: 9,
  from: 3,
  better: 3,
  elements: ["a", "b", "c", "d"],
  storedScores: [-7, -7, -6, -6],
  metadata: [null, '{"x":1}', null, null],
};

describe("entries of a stretch", () => {
  it("rank by position where ranks are ordinal", ({ expect }) => {
    const entries = entriesOf(stretch, { order: "desc", tie: "member", rankMode: "ordinal" });
    expect(entries.map(({ rank }) => rank)).toEqual([4, 5, 6, 7]);
    expect(entries[1]).toEqual({ rank: 5, member: "b", score: 7, metadata: '{"x":1}' });
  });

  it("share the better rank where ranks are those of a competition", ({ expect }) => {
    const board = { order: "desc", tie: "member", rankMode: "competition" } as const;
    expect(entriesOf(stretch, board).map(({ rank }) => rank)).toEqual([4, 4, 6, 6]);
    const inTie = entriesOf({ ...stretch, better: 1 }, board);
    expect(inTie.map(({ rank }) => rank)).toEqual([2, 2, 6, 6]);
  });

  it("leave out the place in front of a member", ({ expect }) => {
    const elements = ["0000000000000001:a:b", "0000000000000002:c"];
    const board = { order: "asc", tie: "earliest", rankMode: "ordinal" } as const;
    const entries = entriesOf({ ...stretch, elements, storedScores: [5, 5] }, board);
    expect(entries.map(({ member, score }) => [member, score])).toEqual([
      ["a:b", 5],
      ["c", 5],
    ]);
  });
});
