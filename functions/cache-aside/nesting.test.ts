import fc from "fast-check";
import { describe, it } from "vitest";
import { nestingOf } from "./nesting.ts";

function depthOf(value: unknown): number {
  if (typeof value !== "object" || value === null) return 0;
  return 1 + Math.max(0, ...Object.values(value).map(depthOf));
}

describe("nesting of a JSON text", () => {
  it("is the depth of the value it stands for", ({ expect }) => {
    fc.assert(
      fc.property(
        fc.jsonValue({ maxDepth: 6, noUnicodeString: false }),
        fc.nat(3),
        (value, indent) => {
          expect(nestingOf(JSON.stringify(value, null, indent), 100)).toBe(depthOf(value));
        },
      ),
    );
  });

  it("does not count brackets inside strings, whatever is escaped around them", ({ expect }) => {
    expect(nestingOf('["[[[", {"\\"{": "\\\\"}]', 100)).toBe(2);
  });

  it("stops one beyond the bound, however deep the rest is", ({ expect }) => {
    expect(nestingOf("[".repeat(131_072) + "]".repeat(131_072), 100)).toBe(101);
    expect(nestingOf("[".repeat(100) + "]".repeat(100), 100)).toBe(100);
  });
});
