/**
 * @module
 * From what a caller wants stored to what `update.lua` takes.
 */

/** One change of one fact. No two of a write name the same fact. */
export type Change =
  | { readonly kind: "set"; readonly name: FactName; readonly value: string }
  | { readonly kind: "unset"; readonly name: FactName }
  /** Adds to a quantity. */
  | { readonly kind: "add"; readonly name: FactName; readonly value: number };

/** `d:` is a field's, `c:` an article's in the cart. */
export type FactName = `d:${string}` | `c:${string}`;

/** Field to JSON text. */
export type Fields = readonly (readonly [field: string, json: string])[];

export function fieldChanges(set: Fields, unset: readonly string[]): Change[] {
  return [
    ...set.map(([field, value]): Change => ({ kind: "set", name: `d:${field}`, value })),
    ...unset.map((field): Change => ({ kind: "unset", name: `d:${field}` })),
  ];
}

export function changeArguments(changes: readonly Change[]): (string | number)[] {
  return changes.flatMap((change) => [
    change.kind,
    change.name,
    change.kind === "unset" ? "" : change.value,
  ]);
}

/** What fields take of a session's bytes. */
export function sizeBytes(fields: Fields): number {
  const encoder = new TextEncoder();
  return fields.reduce(
    (sum, [field, json]) => sum + field.length + encoder.encode(json).byteLength,
    0,
  );
}
