/**
 * @module
 * Part of the contract of SqlDatabase: what one statement answers.
 */
import { type ContractCases, codeOf, rowsOf, single } from "./contract-calls.ts";

export const statementCases: ContractCases = {
  "gives the command tag as the server sends it": async ({ database, expect }) => {
    const tags: string[] = [];
    for (const text of [
      "CREATE TABLE tagged (id int4 PRIMARY KEY)",
      "INSERT INTO tagged SELECT generate_series(1, 3)",
      "UPDATE tagged SET id = id WHERE id > 3",
      "WITH gone AS (DELETE FROM tagged WHERE id = 1) INSERT INTO tagged VALUES (4), (5)",
      "SELECT 1 WHERE false",
      "",
    ]) {
      const outcome = await single(database, text);
      tags.push(outcome.kind === "done" ? (outcome.results[0]?.commandTag ?? "?") : outcome.kind);
    }
    expect(tags).toEqual(["CREATE TABLE", "INSERT 0 3", "UPDATE 0", "INSERT 0 2", "SELECT 0", ""]);
  },

  "refuses two statements in one text": async ({ database, expect }) => {
    const outcome = await single(database, "SELECT 1; SELECT 2");
    expect(outcome).toMatchObject({
      error: {
        code: "42601",
        message: "cannot insert multiple commands into a prepared statement",
      },
    });
  },

  "gives every field of an error, and nothing of the request": async ({ database, expect }) => {
    await single(database, "CREATE TABLE unique_things (id int4 CONSTRAINT only_one PRIMARY KEY)");
    await single(database, "INSERT INTO unique_things VALUES (1)");
    const outcome = await single(database, "INSERT INTO unique_things VALUES ($1)", "1");
    expect(outcome).toEqual({
      kind: "failed",
      error: {
        message: 'duplicate key value violates unique constraint "only_one"',
        code: "23505",
        severity: "ERROR",
        detail: "Key (id)=(1) already exists.",
        hint: null,
        position: null,
        internalPosition: null,
        internalQuery: null,
        where: null,
        schema: "public",
        table: "unique_things",
        column: null,
        dataType: null,
        constraint: "only_one",
        file: "nbtinsert.c",
        line: expect.stringMatching(/^\d+$/),
        routine: "_bt_check_unique",
      },
    });
  },

  "gives the position of an error, inside a function as an internal one": async ({
    database,
    expect,
  }) => {
    expect(await single(database, "SELECT oops FROM nowhere")).toMatchObject({
      error: { code: "42P01", position: "18", internalPosition: null, internalQuery: null },
    });
    await single(
      database,
      "CREATE FUNCTION broken() RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN (SELECT oops); END $$",
    );
    expect(await single(database, "SELECT broken()")).toMatchObject({
      error: {
        code: "42703",
        position: null,
        internalPosition: expect.stringMatching(/^\d+$/),
        internalQuery: expect.stringContaining("SELECT oops"),
        where: expect.stringContaining("PL/pgSQL function broken()"),
      },
    });
  },

  "refuses a NUL in a text as the server does": async ({ database, expect }) => {
    expect(codeOf(await single(database, "SELECT $1::text", "a\0b"))).toBe("22021");
  },

  "says of COPY that the server spoke out of turn, and goes on": async ({ database, expect }) => {
    await single(database, "CREATE TABLE copied (id int4)");
    expect(await single(database, "COPY copied FROM STDIN")).toEqual({
      kind: "unexpected-message",
    });
    expect(await single(database, "COPY (SELECT 1) TO STDOUT")).toEqual({
      kind: "unexpected-message",
    });
    expect(await rowsOf(single(database, "SELECT count(*) FROM copied"))).toEqual([["0"]]);
  },
};
