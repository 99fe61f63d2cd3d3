/**
 * @module
 * The SQL schema of the Worker: every `functions/<pattern>/schema.sql`. Each is one statement, because Neon takes
 * one a request, and may be applied again at any time.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

export interface SchemaFile {
  /** Relative to the project. */
  readonly path: string;
  readonly statement: string;
}

/** The schema files of the project at `root`, in the order of the patterns' names. */
export function readSchema(root: string): readonly SchemaFile[] {
  return readdirSync(join(root, "functions"), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => `functions/${entry.name}/schema.sql`)
    .filter((path) => existsSync(join(root, path)))
    .sort()
    .map((path) => ({ path, statement: readFileSync(join(root, path), "utf8") }));
}
