/**
 * @module
 * Postgres' text as JSON of its type, for callers that do not ask for raw text, as Neon's proxy writes it
 * (`pg_text_to_json` in proxy/src/serverless/json.rs): booleans, int2, int4 and finite floats become JSON
 * values, json and jsonb are embedded as they are, arrays become arrays, all else stays a string.
 */
import type { SqlText } from "./database.ts";

/** Element type of an array type; `null` for a type that is no array. */
export type ElementTypeOf = (dataTypeID: number) => number | null;

const BOOL = 16;
const INTEGERS: readonly number[] = [21, 23];
const FLOATS: readonly number[] = [700, 701];
const JSONS: readonly number[] = [114, 3802];

/** Not an array as Postgres writes them. */
export class ArrayTextError extends Error {
  override readonly name = "ArrayTextError";
}

/** Returns JSON text. Throws `ArrayTextError` where the text of an array cannot be read. */
export function jsonOf(text: SqlText, dataTypeID: number, elementTypeOf: ElementTypeOf): string {
  if (text === null) return "null";
  const elementType = elementTypeOf(dataTypeID);
  if (elementType !== null) {
    return new ArrayReader(text, (item) => jsonOf(item, elementType, elementTypeOf)).read();
  }
  if (dataTypeID === BOOL) return text === "t" ? "true" : "false";
  if (JSONS.includes(dataTypeID)) return text;
  if (INTEGERS.includes(dataTypeID)) return text;
  if (FLOATS.includes(dataTypeID) && Number.isFinite(Number(text))) return String(Number(text));
  return JSON.stringify(text);
}

/** PostgreSQL documentation, "Array Input and Output Syntax". */
class ArrayReader {
  readonly #text: string;
  readonly #jsonOfItem: (item: SqlText) => string;
  #at = 0;

  constructor(text: string, jsonOfItem: (item: SqlText) => string) {
    // Bounds such as `[0:1]={...}` have no place in JSON.
    this.#text = text.startsWith("[") ? text.slice(text.indexOf("=") + 1) : text;
    this.#jsonOfItem = jsonOfItem;
  }

  read(): string {
    const json = this.#array();
    if (this.#at !== this.#text.length) throw new ArrayTextError("text after an array");
    return json;
  }

  #array(): string {
    this.#expect("{");
    const items: string[] = [];
    while (!this.#skips("}")) {
      if (items.length > 0) this.#expect(",");
      items.push(this.#item());
    }
    return `[${items.join(",")}]`;
  }

  #item(): string {
    if (this.#text[this.#at] === "{") return this.#array();
    if (this.#skips('"')) return this.#jsonOfItem(this.#quoted());
    const end = /[,}]/g;
    end.lastIndex = this.#at;
    const found = end.exec(this.#text);
    if (found === null) throw new ArrayTextError("an array does not end");
    const item = this.#text.slice(this.#at, found.index);
    this.#at = found.index;
    return this.#jsonOfItem(item === "NULL" ? null : item);
  }

  #quoted(): string {
    let item = "";
    for (;;) {
      const next = this.#text[this.#at];
      if (next === undefined) throw new ArrayTextError("a quoted item does not end");
      this.#at += 1;
      if (next === '"') return item;
      item += next === "\\" ? (this.#text[this.#at++] ?? "") : next;
    }
  }

  #skips(character: string): boolean {
    if (this.#text[this.#at] !== character) return false;
    this.#at += 1;
    return true;
  }

  #expect(character: string): void {
    if (!this.#skips(character)) throw new ArrayTextError(`no ${character} where one belongs`);
  }
}
