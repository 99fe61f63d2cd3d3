import fc from "fast-check";
import { describe, it } from "vitest";
import { encodeMetadata, METADATA_BYTES_MAX } from "./metadata.ts";

describe("metadata", () => {
  it("is kept as the JSON text of the value", ({ expect }) => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 3 }), (value) => {
        const given: unknown = JSON.parse(JSON.stringify(value));
        const text = JSON.stringify(given);
        if (text.length * 3 > METADATA_BYTES_MAX) return;
        expect(encodeMetadata(given)).toEqual({ kind: "text", text });
      }),
    );
  });

  it("may have exactly the bytes it may have, counted in UTF-8", ({ expect }) => {
    const fits = "x".repeat(METADATA_BYTES_MAX - 2);
    expect(encodeMetadata(fits).kind).toBe("text");
    expect(encodeMetadata(`${fits}x`)).toEqual({ kind: "too_large" });
    expect(encodeMetadata("é".repeat((METADATA_BYTES_MAX - 2) / 2)).kind).toBe("text");
    expect(encodeMetadata(`${"é".repeat((METADATA_BYTES_MAX - 2) / 2)}x`).kind).toBe("too_large");
  });

  it("refuses a number that JSON can write and a double cannot hold", ({ expect }) => {
    expect(encodeMetadata(JSON.parse('{"a":[1,{"b":1e400}]}'))).toEqual({ kind: "not_finite" });
  });

  it("refuses a value nested a million deep, or as wide, without walking it", ({ expect }) => {
    const deep: unknown = JSON.parse("[".repeat(1_000_000) + "]".repeat(1_000_000));
    expect(encodeMetadata(deep)).toEqual({ kind: "too_large" });
    expect(encodeMetadata(Array.from({ length: 1_000_000 }, () => 1))).toEqual({
      kind: "too_large",
    });
  });
});
