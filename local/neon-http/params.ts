/**
 * @module
 * JSON parameters as the text Postgres reads, exactly as Neon's proxy writes it (`json_to_pg_text` in
 * proxy/src/serverless/json.rs): null is NULL, a string is itself, numbers, booleans and objects are their
 * JSON, an array is a Postgres array in which every string and object is a quoted element.
 */
import type { SqlText } from "./database.ts";

/** A number that JavaScript cannot hold, such as 9007199254740993, by its digits. */
export class ExactNumber {
  readonly digits: string;

  constructor(digits: string) {
    this.digits = digits;
  }

  toJSON(): unknown {
    return jsonWithRaw.rawJSON(this.digits);
  }
}

/** TypeScript's library does not know it yet (ECMAScript proposal "JSON.parse source text access"). */
const jsonWithRaw = JSON as typeof JSON & { rawJSON(text: string): unknown };

/** A reviver for JSON.parse: keeps every digit of a number. Node hands it the third argument. */
export function keepDigits(
  _key: string,
  value: unknown,
  context?: { readonly source?: string },
): unknown {
  const source = context?.source;
  if (typeof value !== "number" || source === undefined || String(value) === source) return value;
  return new ExactNumber(source);
}

/** `value` is parsed JSON. */
export function paramText(value: unknown): SqlText {
  if (value === null) return null;
  if (typeof value === "string") return value;
  if (Array.isArray(value)) return arrayText(value);
  return JSON.stringify(value);
}

function arrayText(values: readonly unknown[]): string {
  return `{${values.map(elementText).join(",")}}`;
}

function elementText(value: unknown): string {
  if (value === null) return "NULL";
  if (Array.isArray(value)) return arrayText(value);
  const json = JSON.stringify(value);
  return typeof value === "object" && !(value instanceof ExactNumber) ? JSON.stringify(json) : json;
}
