import fc from "fast-check";
import { describe, it } from "vitest";
import {
  ALGORITHMS,
  definitionText,
  LIMIT_MAX,
  ON_ERROR,
  parsePolicy,
  WINDOW_MS_MAX,
} from "./policy.ts";

const units = fc.integer({ min: 1, max: LIMIT_MAX });

describe("a policy's text", () => {
  it("says all of it", ({ expect }) => {
    fc.assert(
      fc.property(
        fc.record({
          algorithm: fc.constantFrom(...ALGORITHMS),
          limit: units,
          windowMs: fc.integer({ min: 1, max: WINDOW_MS_MAX }),
          burst: units,
          onError: fc.constantFrom(...ON_ERROR),
        }),
        units,
        (definition, revision) => {
          const text = `${revision} ${definitionText(definition)}`;
          expect(parsePolicy("p", text)).toEqual({ name: "p", revision, ...definition });
        },
      ),
    );
  });

  it("is refused when it is of no known form", ({ expect }) => {
    const good = "7 1 gcra 100 60000 50 closed";
    expect(parsePolicy("p", good)).toMatchObject({ revision: 7, limit: 100, burst: 50 });
    for (const [from, to] of [
      ["7 1", "7 2"],
      ["7 ", "x "],
      ["gcra", "magic"],
      ["100", "0"],
      ["60000", "1.5"],
      ["50", "-1"],
      ["closed", "ajar"],
      [" closed", ""],
    ] as const) {
      expect(() => parsePolicy("p", good.replace(from, to)), to).toThrow();
    }
  });

  it("keeps every level exact in a double", ({ expect }) => {
    expect(LIMIT_MAX * WINDOW_MS_MAX).toBeLessThan(Number.MAX_SAFE_INTEGER);
  });
});
