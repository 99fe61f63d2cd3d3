import type { Context } from "hono";
import type { AppEnv } from "./app-env.ts";

/** What a conditional write asks of the record (RFC 9110 section 13.1). */
export type Precondition =
  | { readonly kind: "none" }
  | { readonly kind: "exists" }
  | { readonly kind: "absent" }
  | { readonly kind: "version"; readonly version: string };

/** An entity tag as edges pass it on: an edge that compresses turns a strong tag into a weak one. */
export function versionOfTag(tag: string): string {
  return tag.replace(/^W\//, "").slice(1, -1);
}

/**
 * Reads `If-Match` and `If-None-Match` of a write. The endpoint must declare both headers, so that their
 * form has been checked. Null when the two contradict each other or a write names a version not to match.
 */
export function preconditionOf(c: Context<AppEnv>): Precondition | null {
  const match = c.req.header("If-Match");
  const noneMatch = c.req.header("If-None-Match");
  if (match !== undefined && noneMatch !== undefined) return null;
  if (noneMatch !== undefined) return noneMatch === "*" ? { kind: "absent" } : null;
  if (match === undefined) return { kind: "none" };
  return match === "*" ? { kind: "exists" } : { kind: "version", version: versionOfTag(match) };
}
