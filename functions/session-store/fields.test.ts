import fc from "fast-check";
import { describe, it } from "vitest";
import { sizeBytes } from "./changes.ts";
import { encodeFields } from "./fields.ts";

describe("fields", () => {
  it("come back as the same JSON values, under whatever name", ({ expect }) => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (values) => {
        const encoded = encodeFields(Object.entries(values));
        if (encoded.kind !== "fields") throw new Error(encoded.kind);
        const texts = encoded.fields.map(([name, json]) => `${JSON.stringify(name)}:${json}`);
        expect(`{${texts.join(",")}}`).toBe(
          JSON.stringify(Object.fromEntries(Object.entries(values))),
        );
      }),
    );
  });

  it("take no number beyond a double", ({ expect }) => {
    const parsed: unknown = JSON.parse('{"deep":[{"n":-1e999}]}');
    expect(
      encodeFields([
        ["a", 1],
        ["b", parsed],
      ]),
    ).toEqual({ kind: "not_finite", field: "b" });
  });

  it("are as large as their names and their UTF-8", ({ expect }) => {
    expect(
      sizeBytes([
        ["ab", '"é"'],
        ["c", "1"],
      ]),
    ).toBe(2 + 4 + 1 + 1);
    expect(sizeBytes([])).toBe(0);
  });
});
