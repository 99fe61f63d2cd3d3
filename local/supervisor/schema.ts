/**
 * @module
 * The SQL schema of the Worker: every `functions/<pattern>/schema.sql`, in the order of the patterns' names.
 * Each file may be applied again at any time (`CREATE … IF NOT EXISTS`).
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

export interface SchemaFile {
  /** Relative to the project. */
  readonly path: string;
  readonly statements: readonly string[];
}

/** The schema files of the project at `root`, split into single statements: Neon takes one a request. */
export function readSchema(root: string): readonly SchemaFile[] {
  return readdirSync(join(root, "functions"), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => `functions/${entry.name}/schema.sql`)
    .filter((path) => existsSync(join(root, path)))
    .sort()
    .map((path) => ({ path, statements: splitStatements(readFileSync(join(root, path), "utf8")) }));
}

/**
 * One alternative a lexical element of PostgreSQL in which a semicolon does not end a statement (manual, 4.1):
 * comments, quoted identifiers, strings (also with backslash escapes), dollar-quoted strings.
 */
const INERT = [
  String.raw`--[^\n]*`,
  String.raw`/\*[\s\S]*?\*/`,
  '"(?:[^"]|"")*"',
  String.raw`\b[eE]'(?:[^'\\]|\\[\s\S]|'')*'`,
  `'(?:[^']|'')*'`,
  String.raw`(\$(?:[A-Za-z_][A-Za-z_0-9]*)?\$)[\s\S]*?\1`,
].join("|");

/** Statements without their semicolons; comments stay, a statement of nothing but comments goes. */
export function splitStatements(sql: string): readonly string[] {
  const statements: string[] = [];
  let start = 0;
  for (const match of sql.matchAll(new RegExp(`${INERT}|(;)`, "g"))) {
    if (match[2] === undefined) continue;
    statements.push(sql.slice(start, match.index));
    start = match.index + 1;
  }
  statements.push(sql.slice(start));
  const comments = /--[^\n]*|\/\*[\s\S]*?\*\//g;
  return statements
    .map((text) => text.trim())
    .filter((text) => text.replace(comments, "").trim() !== "");
}
