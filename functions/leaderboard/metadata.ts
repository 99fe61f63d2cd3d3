/**
 * @module
 * What a caller may store beside a score: one JSON value, kept as the text that JSON.stringify makes of it. So
 * white space goes, a number becomes the nearest double, and of members with one name the last one stays.
 *
 * The walk stops as soon as more nodes have been met than the bound on bytes leaves room for, so that a
 * body of megabytes, or one nested a million deep, costs no more than a small one.
 */
export const METADATA_BYTES_MAX = 1_024;

export type EncodedMetadata =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "too_large" }
  /** A number that JSON can write and a double cannot hold: 1e400. */
  | { readonly kind: "not_finite" };

/** `value` must come from JSON.parse. */
export function encodeMetadata(value: unknown): EncodedMetadata {
  const left: unknown[] = [value];
  for (let nodes = 0; left.length > 0; nodes += 1) {
    if (nodes > METADATA_BYTES_MAX) return { kind: "too_large" };
    const node = left.pop();
    if (typeof node === "number" && !Number.isFinite(node)) return { kind: "not_finite" };
    if (typeof node !== "object" || node === null) continue;
    const children = Object.values(node);
    if (children.length > METADATA_BYTES_MAX) return { kind: "too_large" };
    left.push(...children);
  }
  const text = JSON.stringify(value);
  const isTooLarge =
    text.length > METADATA_BYTES_MAX ||
    new TextEncoder().encode(text).byteLength > METADATA_BYTES_MAX;
  return isTooLarge ? { kind: "too_large" } : { kind: "text", text };
}
