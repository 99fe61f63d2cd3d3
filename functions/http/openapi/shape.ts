/**
 * @module
 * A JSON schema as a line a person reads: `{ member: string, score: integer, metadata?: any }`.
 */

/** The part of JSON Schema that zod writes. Anything else is shown as `any`. */
export interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: Schema | boolean;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly allOf?: readonly Schema[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
}

const DEPTH_MAX = 8;

export function shapeOf(schema: Schema, depth = 0): string {
  if (depth > DEPTH_MAX) return "…";
  const inner = (part: Schema) => shapeOf(part, depth + 1);
  if (schema.$ref !== undefined) return schema.$ref.split("/").at(-1) ?? "any";
  if ("const" in schema) return JSON.stringify(schema.const);
  if (schema.enum !== undefined)
    return schema.enum.map((value) => JSON.stringify(value)).join(" | ");
  const options = schema.anyOf ?? schema.oneOf;
  if (options !== undefined) return options.map(inner).join(" | ");
  if (schema.allOf !== undefined) return schema.allOf.map(inner).join(" & ");
  if (schema.type === "array")
    return `[${inner(schema.items ?? {})}${bounds(schema.minItems, schema.maxItems)}]`;
  if (schema.type === "object") return objectShape(schema, inner);
  if (schema.type === "integer" || schema.type === "number") {
    return `${schema.type}${bounds(schema.minimum, schema.maximum)}`;
  }
  return schema.type === undefined ? "any" : [schema.type].flat().join(" | ");
}

function objectShape(
  { properties = {}, required = [], additionalProperties }: Schema,
  inner: (part: Schema) => string,
): string {
  const fields = Object.entries(properties).map(
    ([name, schema]) => `${name}${required.includes(name) ? "" : "?"}: ${inner(schema)}`,
  );
  if (typeof additionalProperties === "object" && fields.length === 0) {
    return `{ [name]: ${inner(additionalProperties)} }`;
  }
  return fields.length === 0 ? "{}" : `{ ${fields.join(", ")} }`;
}

/** ` 1..100`; the bounds of a safe integer say nothing and are left out. */
function bounds(least: number | undefined, most: number | undefined): string {
  const from = least === undefined || least === Number.MIN_SAFE_INTEGER ? "" : String(least);
  const to = most === undefined || most === Number.MAX_SAFE_INTEGER ? "" : String(most);
  return from === "" && to === "" ? "" : ` ${from}..${to}`;
}
