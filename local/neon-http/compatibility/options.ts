/**
 * @module
 * Every option and every form of call the driver has, one by one.
 */
import { neon } from "@neondatabase/serverless";
import { shown } from "./shown.ts";
import type { CompatibilityCase, CompatibilityTable, Subject } from "./subject.ts";

const MODE = `SELECT current_setting('transaction_isolation') AS isolation,
  current_setting('transaction_read_only') AS ro, current_setting('transaction_deferrable') AS def`;

const ISOLATION_LEVELS = [
  "ReadUncommitted",
  "ReadCommitted",
  "RepeatableRead",
  "Serializable",
] as const;

/** Leaves every value as the text that came. */
const AS_TEXT = { getTypeParser: () => (text: string) => text };

export const optionTable: CompatibilityTable = {
  title: "Calls and options",
  columns: ["call", "result"],
  setUp: ["CREATE TABLE compat_options (id int4 PRIMARY KEY, name text)"],
  cases: [
    option(
      "the tagged template, with values",
      ({ sql }) => sql`SELECT ${1}::int4 AS a, ${"x"} AS b`,
    ),
    option("a fragment inside a template", ({ sql }) => {
      return sql`SELECT ${1}::int4 AS a ${sql`WHERE ${true}::bool`}`;
    }),
    option("sql.unsafe() inside a template", ({ sql }) => sql`SELECT 1 AS ${sql.unsafe('"A b"')}`),
    option("sql.query(text, params)", ({ sql }) => sql.query("SELECT $1::int4 AS a", [1])),
    option("two columns of one name", ({ sql }) => sql`SELECT 1 AS a, 2 AS a`),
    option("no rows", ({ sql }) => sql`SELECT 1 AS a WHERE false`),
    option("an empty statement", ({ sql }) => sql.query("")),
    option("a statement that returns nothing", ({ sql }) => {
      return sql`UPDATE compat_options SET name = 'x'`;
    }),
    option("arrayMode", ({ connectionString }) => {
      return neon(connectionString, { arrayMode: true })`SELECT 1 AS a, 2 AS a`;
    }),
    option("arrayMode of one query", ({ sql }) => sql.query("SELECT 1", [], { arrayMode: true })),
    option("types of one query", ({ sql }) => {
      return sql.query("SELECT 1 AS a, true AS b, ARRAY[1] AS c", [], { types: AS_TEXT });
    }),
    option("fullResults: SELECT", fullResults("SELECT 1 AS a, 'x'::varchar(9) AS b")),
    option("fullResults: SELECT without rows", fullResults("SELECT 1 AS a WHERE false")),
    option("fullResults: INSERT", fullResults("INSERT INTO compat_options VALUES (1), (2)")),
    option(
      "fullResults: UPDATE of none",
      fullResults("UPDATE compat_options SET id = 1 WHERE false"),
    ),
    option(
      "fullResults: INSERT ... RETURNING",
      fullResults("INSERT INTO compat_options VALUES (3, 'c') RETURNING id"),
    ),
    option(
      "fullResults: WITH ... INSERT",
      fullResults("WITH v AS (SELECT 4) INSERT INTO compat_options SELECT * FROM v"),
    ),
    option("fullResults: CREATE TABLE", fullResults("CREATE TABLE compat_more (id int4)")),
    option("fullResults: BEGIN", fullResults("BEGIN")),
    option("transaction([])", ({ sql }) => sql.transaction([])),
    option("transaction([...])", ({ sql }) => sql.transaction([sql`SELECT 1 AS a`, sql`SELECT 2`])),
    option("transaction(function)", ({ sql }) => sql.transaction((tx) => [tx`SELECT ${1} AS a`])),
    option("transaction: arrayMode", ({ sql }) => {
      return sql.transaction([sql`SELECT 1 AS a`], { arrayMode: true });
    }),
    option("transaction: fullResults", async ({ sql }) => {
      const results = await sql.transaction([sql`SELECT 1 AS a`], { fullResults: true });
      return results.map(({ command, rowCount }) => ({ command, rowCount }));
    }),
    option("transaction: the whole is undone", async ({ sql }) => {
      await sql
        .transaction([sql`INSERT INTO compat_options VALUES (9)`, sql`SELECT 1/0`])
        .catch(() => {});
      return sql`SELECT count(*) FROM compat_options WHERE id = 9`;
    }),
    ...ISOLATION_LEVELS.map((isolationLevel) =>
      option(`isolationLevel: ${isolationLevel}`, ({ sql }) => {
        return sql.transaction([sql.query(MODE)], { isolationLevel });
      }),
    ),
    option("readOnly: true", ({ sql }) => sql.transaction([sql.query(MODE)], { readOnly: true })),
    option("readOnly: false", ({ sql }) => sql.transaction([sql.query(MODE)], { readOnly: false })),
    option("deferrable: true", ({ sql }) => {
      const options = { isolationLevel: "Serializable", readOnly: true, deferrable: true } as const;
      return sql.transaction([sql.query(MODE)], options);
    }),
    option("options of neon() itself", ({ connectionString }) => {
      const sql = neon(connectionString, { isolationLevel: "RepeatableRead", readOnly: true });
      return sql.transaction([sql.query(MODE)]);
    }),
    option("the next query after any of them", ({ sql }) => sql.query(MODE)),
    option("SET is forgotten with its request", async ({ sql }) => {
      await sql`SET statement_timeout = 1234`;
      return sql`SELECT current_setting('statement_timeout') = '1234ms' AS kept`;
    }),
    option("SET LOCAL holds in its transaction", ({ sql }) => {
      return sql.transaction([sql`SET LOCAL my.x = 'y'`, sql`SELECT current_setting('my.x') AS x`]);
    }),
    option("fetchOptions: headers, signal", ({ sql }) => {
      const fetchOptions = { keepalive: true, signal: AbortSignal.timeout(10_000) };
      return sql.query("SELECT 1 AS a", [], { fetchOptions });
    }),
    option("a text and a bytea of 1 MiB", async ({ sql }) => {
      const text = "é".repeat(1 << 19);
      const bytes = Buffer.alloc(1 << 20, Buffer.from(Array.from({ length: 256 }, (_, i) => i)));
      const [row] = await sql.query("SELECT $1::text, $2::bytea", [text, bytes], {
        arrayMode: true,
      });
      return [row?.[0] === text, bytes.equals(row?.[1])];
    }),
  ],
};

function option(name: string, run: (subject: Subject) => PromiseLike<unknown>): CompatibilityCase {
  return { cells: [name], measure: async (subject) => [shown(await run(subject))] };
}

function fullResults(text: string): (subject: Subject) => Promise<unknown> {
  return async ({ sql }) => {
    const { fields, rows, command, rowCount } = await sql.query(text, [], { fullResults: true });
    const columns = fields.map(({ name, dataTypeID, dataTypeSize, dataTypeModifier, format }) => {
      return { name, dataTypeID, dataTypeSize, dataTypeModifier, format };
    });
    return { command, rowCount, rows, columns };
  };
}
