import fc from "fast-check";
import { describe, it } from "vitest";
import { MalformedReply } from "../../shared/redis/reply.ts";
import {
  definitionText,
  differences,
  MODES,
  ORDERS,
  parseBoard,
  RANK_MODES,
  TIES,
} from "./board.ts";
import { definitionOf } from "./testing/stand.ts";
import { WINDOWS } from "./windows.ts";

const someDefinition = fc.record({
  order: fc.constantFrom(...ORDERS),
  mode: fc.constantFrom(...MODES),
  tie: fc.constantFrom(...TIES),
  windows: fc.subarray([...WINDOWS]),
  rankMode: fc.constantFrom(...RANK_MODES),
});

describe("board configuration", () => {
  it("reads back every definition from its text", ({ expect }) => {
    fc.assert(
      fc.property(someDefinition, fc.nat(), (definition, createdAtMs) => {
        const text = `r-1 ${createdAtMs} ${definitionText(definition)}`;
        expect(parseBoard(text)).toEqual({ ...definition, revision: "r-1", createdAtMs, text });
      }),
    );
  });

  it("refuses a text that is not its format", ({ expect }) => {
    const wrong = [
      "",
      "r",
      "r 1 2 desc best earliest - ordinal",
      "r 1 1 up best earliest - ordinal",
      "r 1 1 desc best earliest daily, ordinal",
      "r x 1 desc best earliest - ordinal",
      " 1 1 desc best earliest - ordinal",
    ];
    for (const text of wrong) expect(() => parseBoard(text), text).toThrow(MalformedReply);
  });

  it("names the fields in which two definitions differ, and what the board has", ({ expect }) => {
    const board = definitionOf({ order: "asc", windows: ["daily"] });
    expect(differences(board, { ...board })).toEqual([]);
    expect(differences(board, definitionOf())).toEqual([
      { field: "order", present: '"asc"' },
      { field: "windows", present: '["daily"]' },
    ]);
  });
});
