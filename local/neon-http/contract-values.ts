/**
 * @module
 * Part of the contract of SqlDatabase: values and their description.
 */
import { type ContractCases, rowsOf, single } from "./contract-calls.ts";

export const valueCases: ContractCases = {
  "passes values as Postgres' own text in both directions": async ({ database, expect }) => {
    const rows = await rowsOf(
      single(
        database,
        `SELECT $1::int8, $2::numeric, $3::bool, $4::bytea, $5::jsonb, $6::text[], $7::timestamptz(6)`,
        "9007199254740993",
        "1.10",
        "true",
        "\\xdeadbeef",
        '{"a": 1}',
        '{a,NULL,"b c"}',
        "2024-02-29 12:34:56.789012+00",
      ),
    );
    expect(rows).toEqual([
      [
        "9007199254740993",
        "1.10",
        "t",
        "\\xdeadbeef",
        '{"a": 1}',
        '{a,NULL,"b c"}',
        "2024-02-29 12:34:56.789012+00",
      ],
    ]);
  },

  "tells NULL from an empty text, and void is empty": async ({ database, expect }) => {
    const rows = await rowsOf(single(database, "SELECT $1::text, $2::text, pg_sleep(0)", null, ""));
    expect(rows).toEqual([[null, "", ""]]);
  },

  "describes the columns even when no row comes": async ({ database, expect }) => {
    await single(database, "CREATE TABLE described (id int4 PRIMARY KEY, name varchar(20))");
    const outcome = await single(database, "SELECT name, 1::int2 AS one FROM described");
    expect(outcome).toMatchObject({
      results: [
        {
          rows: [],
          fields: [
            { name: "name", dataTypeID: 1043, columnID: 2, dataTypeSize: -1, dataTypeModifier: 24 },
            { name: "one", dataTypeID: 21, tableID: 0, columnID: 0, dataTypeSize: 2 },
          ],
        },
      ],
    });
    expect(outcome).not.toMatchObject({ results: [{ fields: [{ tableID: 0 }, {}] }] });
  },

  "carries a text and a bytea of 1 MiB, whatever their bytes": async ({ database, expect }) => {
    const text = 'é\u{1f600}\n"\\\t'.repeat(120_000).slice(0, 1 << 20);
    const bytes = Buffer.alloc(1 << 20, Buffer.from(Array.from({ length: 256 }, (_, i) => i)));
    const hex = `\\x${bytes.toString("hex")}`;
    const [row] = await rowsOf(single(database, "SELECT $1::text, $2::bytea", text, hex));
    expect(row?.[0] === text).toBe(true);
    expect(row?.[1] === hex).toBe(true);
  },

  "takes 65,535 parameters, as many as the protocol has room for": async ({ database, expect }) => {
    const params = Array.from({ length: 65_535 }, (_, i) => `${i}`);
    const list = params.map((_, i) => `$${i + 1}::int4`).join(",");
    const rows = await rowsOf(
      single(database, `SELECT sum(v) FROM unnest(ARRAY[${list}]) AS v`, ...params),
    );
    expect(rows).toEqual([["2147385345"]]);
  },
};
