import fc from "fast-check";
import { describe, it } from "vitest";
import { parseQuery } from "./query.ts";

const valuesOf = (query: string) => parseQuery(`https://h/p?${query}`);

describe("a query", () => {
  it("is read as forms are written", ({ expect }) => {
    expect(parseQuery("https://h/p")).toEqual({ kind: "parsed", values: {} });
    expect(valuesOf("a=1&b=x+y&c=%2B%26&d&&e=%C3%BC#a=2")).toEqual({
      kind: "parsed",
      values: { a: "1", b: "x y", c: "+&", d: "", e: "ü" },
    });
  });

  it("reads back whatever a form wrote", ({ expect }) => {
    const pairs = fc.dictionary(fc.string({ unit: "binary" }), fc.string({ unit: "binary" }));
    fc.assert(
      fc.property(pairs, (values) => {
        const query = new URLSearchParams(Object.entries(values)).toString();
        const parsed = valuesOf(query);
        expect(parsed.kind === "parsed" && { ...parsed.values }).toEqual({ ...values });
      }),
    );
  });

  it("takes a parameter once", ({ expect }) => {
    expect(valuesOf("a=1&b=2&%61=3")).toEqual({
      kind: "malformed",
      error: { at: "query.a", message: "must be given once" },
    });
  });

  it("refuses percent-encoding that is not UTF-8", ({ expect }) => {
    for (const query of ["a=%", "a=%zz", "a=%ff", "%=1", "a=%E2%82"]) {
      expect(valuesOf(query).kind, query).toBe("malformed");
    }
  });

  it("reads a parameter called like a property of every object as a parameter", ({ expect }) => {
    const parsed = valuesOf("__proto__=1&constructor=2");
    expect(parsed.kind === "parsed" && Object.entries(parsed.values)).toEqual([
      ["__proto__", "1"],
      ["constructor", "2"],
    ]);
  });
});
