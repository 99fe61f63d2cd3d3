/**
 * @module
 * Every type a column can have: what the driver makes of it, and whether that value, given back as a
 * parameter, is the same again.
 */
import { shown } from "./shown.ts";
import type { CompatibilityCase, CompatibilityTable, Subject } from "./subject.ts";

const SCALARS: readonly (readonly [type: string, literal: string])[] = [
  ["int2", "-32768"],
  ["int4", "-2147483648"],
  ["int8", "9223372036854775807"],
  ["numeric", "12345678901234567890.0123456789"],
  ["numeric", "NaN"],
  ["float4", "0.1"],
  ["float8", "0.1"],
  ["float8", "1e+300"],
  ["float8", "NaN"],
  ["float8", "-Infinity"],
  ["bool", "true"],
  ["text", 'é😀 \\ "q"'],
  ["varchar(5)", "abc"],
  ["char(5)", "abc"],
  ['"char"', "a"],
  ["name", "abc"],
  ["bytea", "\\x00ff10"],
  ["json", '{"b": 1, "a": [null, 1.50]}'],
  ["jsonb", '{"b": 1, "a": [null, 1.50]}'],
  ["json", "null"],
  ["jsonpath", "$.a[*]"],
  ["uuid", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"],
  ["date", "2024-02-29"],
  ["date", "infinity"],
  ["time", "12:34:56.789012"],
  ["timetz", "12:34:56.789012+02"],
  ["timestamp", "2024-02-29 12:34:56.789012"],
  ["timestamp(3)", "2024-02-29 12:34:56.789"],
  ["timestamptz", "2024-02-29 12:34:56.789012+02"],
  ["timestamptz(3)", "2024-02-29 12:34:56.789+02"],
  ["timestamptz", "infinity"],
  ["timestamptz", "0044-03-15 12:00:00+00 BC"],
  ["interval", "1 year 2 mons 3 days 04:05:06.789"],
  ["inet", "192.168.0.1/24"],
  ["cidr", "10.1.0.0/16"],
  ["macaddr", "08:00:2b:01:02:03"],
  ["macaddr8", "08:00:2b:01:02:03:04:05"],
  ["point", "(1.5,2)"],
  ["line", "{1,2,3}"],
  ["lseg", "[(0,0),(1,1)]"],
  ["box", "(1,1),(0,0)"],
  ["path", "((0,0),(1,1),(2,0))"],
  ["polygon", "((0,0),(1,1),(2,0))"],
  ["circle", "<(0,0),1>"],
  ["bit(3)", "101"],
  ["varbit", "10101"],
  ["money", "1234.50"],
  ["xml", "<a>1</a>"],
  ["tsvector", "fat cat"],
  ["tsquery", "fat & cat"],
  ["int4range", "[1,5)"],
  ["int8range", "[1,)"],
  ["numrange", "(1.5,2.5]"],
  ["tsrange", "[2024-01-01 00:00:00,2024-01-02 00:00:00)"],
  ["tstzrange", "[2024-01-01 00:00:00+00,2024-01-02 00:00:00+00)"],
  ["daterange", "[2024-01-01,2024-01-02)"],
  ["int4multirange", "{[1,3),[5,7)}"],
  ["oid", "4294967295"],
  ["regclass", "pg_class"],
  ["pg_lsn", "16/B374D848"],
  ["compat_mood", "happy"],
  ["compat_positive", "7"],
  ["compat_pair", '(1,"a b")'],
];

const ARRAYS: readonly (readonly [type: string, literal: string])[] = [
  ["int2[]", "{1,NULL,3}"],
  ["int4[]", "{{1,2},{3,4}}"],
  ["int4[]", "{}"],
  ["int8[]", "{9223372036854775807}"],
  ["numeric[]", "{1.10,2.20}"],
  ["float4[]", "{0.5,1.5}"],
  ["float8[]", "{0.5,-Infinity}"],
  ["bool[]", "{t,f,NULL}"],
  ["text[]", '{a,"b c","d\\"e",NULL,"NULL",""}'],
  ["varchar[]", "{a,b}"],
  ["bytea[]", '{"\\\\x00ff"}'],
  ["json[]", '{"{\\"a\\": 1}"}'],
  ["jsonb[]", '{"{\\"a\\": 1}"}'],
  ["uuid[]", "{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11}"],
  ["date[]", "{2024-02-29}"],
  ["timestamp(3)[]", '{"2024-02-29 12:34:56.789"}'],
  ["timestamptz(3)[]", '{"2024-02-29 12:34:56.789+00"}'],
  ["interval[]", "{01:00:00}"],
  ["inet[]", "{127.0.0.1}"],
  ["point[]", '{"(1,2)"}'],
  ["box[]", "{(1,1),(0,0);(2,2),(1,1)}"],
  ["int4range[]", '{"[1,5)"}'],
  ["compat_mood[]", "{happy,sad}"],
  ["compat_pair[]", '{"(1,a)"}'],
];

const EXPRESSIONS: readonly (readonly [name: string, expression: string])[] = [
  ["void", "pg_sleep(0)"],
  ["record", "ROW(1, 'a', NULL)"],
  ["unknown literal", "'abc'"],
  ["NULL", "NULL"],
];

export const typeTable: CompatibilityTable = {
  title: "Column types",
  columns: ["type", "value in SQL", "in JavaScript", "given back as a parameter"],
  setUp: [
    "CREATE TYPE compat_mood AS ENUM ('sad', 'happy')",
    "CREATE DOMAIN compat_positive AS int4 CHECK (VALUE > 0)",
    "CREATE TYPE compat_pair AS (n int4, t text)",
  ],
  cases: [
    ...[...SCALARS, ...ARRAYS].map(typed),
    ...EXPRESSIONS.map(([name, expression]): CompatibilityCase => {
      return {
        cells: [name, expression],
        measure: async ({ sql }) => {
          const [row] = await sql.query(`SELECT ${expression}`, [], { arrayMode: true });
          return [shown(row?.[0]), "-"];
        },
      };
    }),
  ],
};

function typed([type, literal]: readonly [type: string, literal: string]): CompatibilityCase {
  return {
    cells: [type, literal],
    measure: async (subject) => {
      const value = await readBack(subject, type, literal);
      return [shown(value), await givenBack(subject, { type, literal, value })];
    },
  };
}

async function readBack({ sql }: Subject, type: string, literal: string): Promise<unknown> {
  const text = `SELECT CAST($1::text AS ${type})`;
  const [row] = await sql.query(text, [literal], { arrayMode: true });
  return row?.[0];
}

async function givenBack(
  { sql }: Subject,
  {
    type,
    literal,
    value,
  }: { readonly type: string; readonly literal: string; readonly value: unknown },
): Promise<string> {
  try {
    const text = `SELECT CAST($1 AS ${type})::text, CAST($2::text AS ${type})::text`;
    const [row] = await sql.query(text, [value, literal], { arrayMode: true });
    const [given, wanted] = row ?? [];
    return given === wanted ? "same" : `becomes ${given ?? "NULL"}`;
  } catch (error) {
    return error instanceof Error ? `refused: ${error.message}` : "refused";
  }
}
