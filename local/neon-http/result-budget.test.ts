import fc from "fast-check";
import { describe, it } from "vitest";
import type { SqlText } from "./database.ts";
import { ResultBudget } from "./result-budget.ts";

/** The size of the rows as they are sent, without the outer brackets and the last comma. */
const sizeBytes = (rows: readonly (readonly SqlText[])[]) =>
  Buffer.byteLength(JSON.stringify(rows)) - 1;

describe("ResultBudget", () => {
  it("takes rows exactly as long as their JSON fits", ({ expect }) => {
    const value = fc.option(fc.string({ unit: "binary", maxLength: 20 }), { nil: null });
    const rows = fc.array(fc.array(value, { minLength: 1, maxLength: 3 }), { maxLength: 20 });
    fc.assert(
      fc.property(rows, fc.nat({ max: 600 }), (list, maxBytes) => {
        const budget = new ResultBudget(maxBytes);
        const taken = list.map((row) => budget.take(row));
        expect(taken).toEqual(list.map((_, i) => sizeBytes(list.slice(0, i + 1)) <= maxBytes));
      }),
    );
  });
});
