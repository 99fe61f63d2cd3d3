/**
 * A JavaScript value as the document shows it: one line, with its class where that matters.
 */
import { inspect } from "node:util";

export function shown(value: unknown): string {
  if (value instanceof Date) {
    return `Date ${Number.isNaN(value.getTime()) ? "Invalid" : value.toISOString()}`;
  }
  return inspect(value, { compact: true, breakLength: Number.POSITIVE_INFINITY, depth: 6 });
}
