/**
 * How deep arrays and objects of a body may nest: schemas are walked recursively, so a body of brackets
 * would exhaust the stack.
 */
export const JSON_DEPTH_MAX = 128;

export function isTooDeep(text: string, value: unknown): boolean {
  const isShort = text.length <= 2 * JSON_DEPTH_MAX;
  return !isShort && exceeds(value, JSON_DEPTH_MAX);
}

/** Recurses at most `levels` deep, whatever it is given. */
function exceeds(value: unknown, levels: number): boolean {
  if (typeof value !== "object" || value === null) return false;
  if (levels === 0) return true;
  return Object.values(value).some((inner) => exceeds(inner, levels - 1));
}
