/**
 * @module
 * Fields as callers write them: an object of JSON values, kept as the texts that JSON.stringify makes of them.
 * So white space goes, a number becomes the nearest double, and of members with one name the last one stays.
 */
import type { Fields } from "./changes.ts";

export type EncodedFields =
  | { readonly kind: "fields"; readonly fields: Fields }
  /** It holds a number that JSON can write and a double cannot hold: 1e400. */
  | { readonly kind: "not_finite"; readonly field: string };

/** `values` must come from JSON.parse. */
export function encodeFields(values: readonly (readonly [string, unknown])[]): EncodedFields {
  const fields: [string, string][] = [];
  for (const [field, value] of values) {
    let isWritable = true;
    const json = JSON.stringify(value, (_, part: unknown) => {
      if (typeof part === "number" && !Number.isFinite(part)) isWritable = false;
      return part;
    });
    if (!isWritable) return { kind: "not_finite", field };
    fields.push([field, json]);
  }
  return { kind: "fields", fields };
}
