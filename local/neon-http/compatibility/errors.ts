/**
 * @module
 * Every way a query can fail: what the driver's error carries. Fields whose text may change with the
 * version of Postgres (file, line, routine) are named, not quoted.
 */
import { NeonDbError, neon } from "@neondatabase/serverless";
import type { CompatibilityCase, CompatibilityTable, Subject } from "./subject.ts";

const QUOTED = [
  "severity",
  "detail",
  "hint",
  "position",
  "internalPosition",
  "internalQuery",
  "where",
  "schema",
  "table",
  "column",
  "dataType",
  "constraint",
] as const;
const NAMED = ["file", "line", "routine"] as const;

const RAISE = `CREATE FUNCTION compat_raise() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'refused' USING ERRCODE = 'KV001', DETAIL = 'the detail', HINT = 'the hint',
    COLUMN = 'c', CONSTRAINT = 'k', DATATYPE = 'd', TABLE = 't', SCHEMA = 's';
END $$`;

const STATEMENTS: readonly (readonly [what: string, text: string, ...params: unknown[]])[] = [
  ["unique violation", "INSERT INTO compat_errors (id) VALUES (1)"],
  ["foreign key violation", "INSERT INTO compat_errors (id, parent) VALUES (2, 99)"],
  ["not null violation", "INSERT INTO compat_errors (id) VALUES (NULL)"],
  ["check violation", "INSERT INTO compat_errors (id, n) VALUES (3, -1)"],
  ["domain check", "SELECT (-1)::compat_small"],
  ["value too long", "INSERT INTO compat_errors (id, short) VALUES (4, 'toolong')"],
  ["number out of range", "SELECT 32768::int2"],
  ["division by zero", "SELECT 1/0"],
  ["invalid text of a type", "SELECT $1::int4", "abc"],
  ["invalid enum value", "SELECT 'angry'::compat_feeling"],
  ["invalid JSON", "SELECT $1::json", "{"],
  ["NUL in a text", "SELECT $1::text", "a\0b"],
  ["syntax error", "SELEC 1"],
  ["two statements in one text", "SELECT 1; SELECT 2"],
  ["unknown table", "SELECT 1 FROM nowhere"],
  ["unknown column", "SELECT nothing FROM compat_errors"],
  ["unknown function", "SELECT nothing(1)"],
  ["missing parameter", "SELECT $1::int4, $2::int4", 1],
  ["one parameter too many", "SELECT 1", 1],
  ["type of a parameter unknown", "SELECT $1 IS NULL", null],
  ["error inside a function", "SELECT compat_raise()"],
  ["COPY", "COPY compat_errors TO STDOUT"],
];

export const errorTable: CompatibilityTable = {
  title: "Errors",
  columns: ["what goes wrong", "message", "code", "fields that are set"],
  setUp: [
    "CREATE TYPE compat_feeling AS ENUM ('sad', 'happy')",
    "CREATE DOMAIN compat_small AS int4 CHECK (VALUE BETWEEN 0 AND 9)",
    `CREATE TABLE compat_errors (id int4 PRIMARY KEY, parent int4 REFERENCES compat_errors,
      n int4 CHECK (n >= 0), short varchar(3))`,
    "INSERT INTO compat_errors VALUES (1)",
    RAISE,
  ],
  cases: [
    ...STATEMENTS.map(([what, text, ...params]) =>
      failing(what, ({ sql }) => sql.query(text, params)),
    ),
    failing("error at COMMIT", async ({ sql }) => {
      await sql`CREATE TABLE IF NOT EXISTS compat_late
        (id int4 PRIMARY KEY DEFERRABLE INITIALLY DEFERRED)`;
      await sql.transaction([
        sql`INSERT INTO compat_late VALUES (1)`,
        sql`INSERT INTO compat_late VALUES (1)`,
      ]);
    }),
    failing("permission denied", ({ sql }) =>
      sql.transaction([sql`SET LOCAL ROLE pg_monitor`, sql`SELECT id FROM compat_errors`]),
    ),
    failing("write in a read-only transaction", ({ sql }) =>
      sql.transaction([sql`INSERT INTO compat_errors VALUES (9)`], { readOnly: true }),
    ),
    failing(
      "wrong password",
      ({ connectionString }) => neon(connectionString.replace(/:[^:@]+@/, ":wrong@"))`SELECT 1`,
    ),
    failing(
      "a token where a password is wanted",
      ({ connectionString }) => neon(connectionString, { authToken: "abc" })`SELECT 1`,
    ),
    failing("request over 10 MiB", ({ sql }) => sql`SELECT ${"x".repeat(11 * 1024 * 1024)}`),
    failing("result over 10 MiB", ({ sql }) => sql`SELECT repeat('x', 11 * 1024 * 1024)`),
    failing("given up by its signal", ({ sql }) =>
      sql.query("SELECT pg_sleep(1)", [], { fetchOptions: { signal: AbortSignal.timeout(50) } }),
    ),
  ],
};

function failing(what: string, run: (subject: Subject) => Promise<unknown>): CompatibilityCase {
  return {
    cells: [what],
    measure: async (subject) => {
      try {
        await run(subject);
      } catch (error) {
        if (error instanceof NeonDbError) return described(error);
        throw error;
      }
      return ["no error", "-", "-"];
    },
  };
}

function described(error: NeonDbError): readonly string[] {
  const fields = [
    ...QUOTED.flatMap((name) => {
      const value = error[name];
      return value ? [`${name}=${JSON.stringify(value)}`] : [];
    }),
    ...NAMED.filter((name) => error[name]),
    ...(error.sourceError ? [`sourceError (${error.sourceError.name})`] : []),
  ];
  const code = error.code === undefined ? "undefined" : JSON.stringify(error.code);
  return [error.message, code, fields.join(", ") || "none"];
}
