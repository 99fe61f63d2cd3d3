import fc from "fast-check";
import { describe, it } from "vitest";
import { ArrayTextError, jsonOf } from "./json-values.ts";

const TEXT = 25;
const TEXT_ARRAY = 1009;
const elementTypeOf = (id: number) =>
  new Map([
    [TEXT_ARRAY, TEXT],
    [1007, 23],
    [1000, 16],
    [199, 114],
  ]).get(id) ?? null;
const parsed = (text: string | null, id: number) => JSON.parse(jsonOf(text, id, elementTypeOf));

/** As array_out does it, simplified: it always quotes. */
const arrayText = (value: unknown): string =>
  Array.isArray(value)
    ? `{${value.map(arrayText).join(",")}}`
    : value === null
      ? "NULL"
      : `"${String(value).replace(/["\\]/g, "\\$&")}"`;

describe("jsonOf", () => {
  // The examples of Neon's own tests, proxy/src/serverless/json.rs.
  it("gives atoms the JSON type that Neon gives them", ({ expect }) => {
    expect(parsed("foo", TEXT)).toBe("foo");
    expect(parsed("42", 23)).toBe(42);
    expect(parsed("42", 21)).toBe(42);
    expect(parsed("42", 20)).toBe("42");
    expect(parsed("42.42", 701)).toBe(42.42);
    expect(parsed("NaN", 700)).toBe("NaN");
    expect(parsed("-Infinity", 700)).toBe("-Infinity");
    expect(parsed("t", 16)).toBe(true);
    expect(parsed("f", 16)).toBe(false);
    expect(parsed(null, 23)).toBe(null);
    expect(parsed('{"s":"str","a":[null,3]}', 3802)).toEqual({ s: "str", a: [null, 3] });
  });

  it("embeds JSON as it is: digits that JavaScript cannot hold stay", ({ expect }) => {
    expect(jsonOf('{"n": 9007199254740993}', 114, elementTypeOf)).toBe('{"n": 9007199254740993}');
  });

  it("reads arrays by the type of their elements", ({ expect }) => {
    expect(parsed("{1,NULL,3}", 1007)).toEqual([1, null, 3]);
    expect(parsed("{{1,2},{3,4}}", 1007)).toEqual([
      [1, 2],
      [3, 4],
    ]);
    expect(parsed("[0:1]={1,2}", 1007)).toEqual([1, 2]);
    expect(parsed("{t,f,NULL}", 1000)).toEqual([true, false, null]);
    expect(parsed('{a,"b c","NULL","",NULL}', TEXT_ARRAY)).toEqual(["a", "b c", "NULL", "", null]);
    expect(parsed('{"{\\"a\\": [1]}"}', 199)).toEqual([{ a: [1] }]);
    expect(parsed("{}", TEXT_ARRAY)).toEqual([]);
  });

  it("says so when the text is no array", ({ expect }) => {
    for (const text of ["", "{", "{a", '{"a', "{a}b", "{a}}", "1 2"]) {
      expect(() => jsonOf(text, TEXT_ARRAY, elementTypeOf), text).toThrow(ArrayTextError);
    }
  });

  it("reads back every array of strings that can be written", ({ expect }) => {
    const item = fc.option(fc.string({ unit: "grapheme" }), { nil: null });
    fc.assert(
      fc.property(
        fc.array(fc.array(item, { minLength: 1, maxLength: 4 }), { maxLength: 4 }),
        (rows) => {
          expect(parsed(arrayText(rows), TEXT_ARRAY)).toEqual(rows);
        },
      ),
    );
  });
});
