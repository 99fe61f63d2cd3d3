/**
 * @module
 * Every kind of value a caller can pass: what reaches Postgres.
 */
import { shown } from "./shown.ts";
import type { CompatibilityCase, CompatibilityTable } from "./subject.ts";

const PARAMS: readonly (readonly [label: string, value: unknown, type: string])[] = [
  ["null", null, "text"],
  ["undefined", undefined, "text"],
  ["true", true, "bool"],
  ["false", false, "text"],
  ["42", 42, "int4"],
  ["-0", -0, "float8"],
  ["1.5", 1.5, "numeric"],
  ["1e21", 1e21, "numeric"],
  ["1.5 into an int4", 1.5, "int4"],
  ["NaN", Number.NaN, "float8"],
  ["Infinity", Number.POSITIVE_INFINITY, "float8"],
  ["9007199254740993n", 9007199254740993n, "int8"],
  ['"9007199254740993"', "9007199254740993", "int8"],
  ['""', "", "text"],
  ['"é😀"', "é😀", "text"],
  ['"a\\0b"', "a\0b", "text"],
  ["a lone surrogate", "a\ud800b", "text"],
  ['{ a: [1, null, "x"] }', { a: [1, null, "x"] }, "jsonb"],
  ["JSON text of an array", "[1,2]", "jsonb"],
  ["[1, 2] into a jsonb", [1, 2], "jsonb"],
  ["[1, null, 3]", [1, null, 3], "int4[]"],
  [
    "[[1, 2], [3, 4]]",
    [
      [1, 2],
      [3, 4],
    ],
    "int4[]",
  ],
  ["[]", [], "text[]"],
  ['["a,b", "c\\"d", "e\\\\f", "NULL", ""]', ["a,b", 'c"d', "e\\f", "NULL", ""], "text[]"],
  ["[true, false]", [true, false], "bool[]"],
  ["[{ a: 1 }]", [{ a: 1 }], "jsonb[]"],
  ["[Buffer]", [Buffer.from([0, 255])], "bytea[]"],
  ["Date", new Date("2024-02-29T12:34:56.789Z"), "timestamptz"],
  ["invalid Date", new Date(Number.NaN), "timestamptz"],
  ["[Date]", [new Date("2024-02-29T12:34:56.789Z")], "timestamptz[]"],
  ["Buffer", Buffer.from([0, 1, 255]), "bytea"],
  ["Uint8Array", new Uint8Array([0, 1, 255]), "bytea"],
  ["empty Buffer", Buffer.alloc(0), "bytea"],
  ["object with toPostgres()", { toPostgres: () => "made" }, "text"],
];

export const paramTable: CompatibilityTable = {
  title: "Parameters",
  columns: ["in JavaScript", "type in SQL", "arrives as"],
  setUp: [],
  cases: PARAMS.map(([label, value, type]): CompatibilityCase => {
    return {
      cells: [label, type],
      measure: async ({ sql }) => {
        try {
          const text = `SELECT CAST($1 AS ${type})::text`;
          const [row] = await sql.query(text, [value], { arrayMode: true });
          return [row?.[0] === null ? "NULL" : shown(row?.[0])];
        } catch (error) {
          return [`refused: ${error instanceof Error ? error.message : "?"}`];
        }
      },
    };
  }),
};
