import { describe, it } from "vitest";
import { isTooDeep, JSON_DEPTH_MAX } from "./json-depth.ts";

const nested = (depth: number) => `${"[".repeat(depth)}${"]".repeat(depth)}`;

describe("the depth of a body", () => {
  it("may be the bound and not one more", ({ expect }) => {
    for (const [depth, expected] of [
      [1, false],
      [JSON_DEPTH_MAX, false],
      [JSON_DEPTH_MAX + 1, true],
      [100_000, true],
    ] as const) {
      const text = nested(depth);
      expect(isTooDeep(text, JSON.parse(text)), String(depth)).toBe(expected);
    }
  });

  it("counts objects and arrays alike, along the deepest path", ({ expect }) => {
    const half = JSON_DEPTH_MAX / 2;
    const text = `{"a":[1,2],"b":${'[{"x":'.repeat(half)}1${"}]".repeat(half)}}`;
    expect(isTooDeep(text, JSON.parse(text))).toBe(true);
  });
});
