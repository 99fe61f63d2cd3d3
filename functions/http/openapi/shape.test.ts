import { describe, it } from "vitest";
import { type Schema, shapeOf } from "./shape.ts";

const text: Schema = { type: "string" };

describe("the shape of a schema", () => {
  const cases: readonly [schema: Schema, shape: string][] = [
    [{}, "any"],
    [text, "string"],
    [{ type: "integer", minimum: 1, maximum: 10 }, "integer 1..10"],
    [{ type: "integer", minimum: Number.MIN_SAFE_INTEGER }, "integer"],
    [{ enum: ["a", "b"] }, '"a" | "b"'],
    [{ const: true }, "true"],
    [{ type: "array", items: text, maxItems: 100 }, "[string ..100]"],
    [{ anyOf: [text, { type: "null" }] }, "string | null"],
    [{ $ref: "#/components/schemas/Problem" }, "Problem"],
    [
      { type: "object", properties: { a: text, b: text }, required: ["a"] },
      "{ a: string, b?: string }",
    ],
    [{ type: "object", additionalProperties: { type: "number" } }, "{ [name]: number }"],
    [{ type: "object" }, "{}"],
  ];
  for (const [schema, shape] of cases) {
    it(`of ${JSON.stringify(schema)} is ${shape}`, ({ expect }) => {
      expect(shapeOf(schema)).toBe(shape);
    });
  }

  it("ends where a schema nests too deep to read", ({ expect }) => {
    let schema = text;
    for (let depth = 0; depth < 50; depth += 1) schema = { type: "array", items: schema };
    expect(shapeOf(schema)).toContain("…");
  });
});
