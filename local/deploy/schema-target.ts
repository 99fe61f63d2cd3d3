/**
 * @module
 * Into which database does a deploy bring the tables? Into the one whose address it uploads, or, when asked to, the
 * one that the shell names; never unasked into the shell's, which may be that of another project.
 */

export type SchemaTarget =
  | { readonly kind: "database"; readonly url: string }
  /** The environment names one, and nobody asked for it. */
  | { readonly kind: "unasked"; readonly url: string }
  /** Asked for, but none is known. */
  | { readonly kind: "unknown" }
  | { readonly kind: "none" };

/** `fromFile` and `known`: DATABASE_URL of the secrets file, and of everything that is known. */
export function schemaTarget({
  fromFile,
  known,
  isAsked,
}: {
  readonly fromFile: string | undefined;
  readonly known: string | undefined;
  readonly isAsked: boolean;
}): SchemaTarget {
  if (fromFile !== undefined) return { kind: "database", url: fromFile };
  if (known === undefined) return { kind: isAsked ? "unknown" : "none" };
  return { kind: isAsked ? "database" : "unasked", url: known };
}

/** Its host and name, for people: nothing of it is secret. */
export function databaseName(url: string): string {
  const { host, pathname } = new URL(url);
  return `${host}${pathname}`;
}
