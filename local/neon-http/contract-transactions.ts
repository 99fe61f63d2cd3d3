/**
 * @module
 * Part of the contract of SqlDatabase: transactions.
 */
import { type ContractCases, codeOf, rowsOf, single, transaction } from "./contract-calls.ts";

export const transactionCases: ContractCases = {
  "applies all statements of a transaction, or none": async ({ database, expect }) => {
    await single(database, "CREATE TABLE whole (id int4 PRIMARY KEY)");
    const refused = await transaction(database, [
      "INSERT INTO whole VALUES (1)",
      "INSERT INTO whole VALUES (2)",
      "INSERT INTO whole VALUES (1)",
    ]);
    expect(codeOf(refused)).toBe("23505");
    expect(await rowsOf(single(database, "SELECT id FROM whole"))).toEqual([]);
    const applied = await transaction(database, [
      "INSERT INTO whole VALUES (3)",
      "SELECT id FROM whole",
    ]);
    expect(applied).toMatchObject({
      results: [{ commandTag: "INSERT 0 1" }, { rows: [["3"]] }],
    });
  },

  "refuses at COMMIT what a deferred constraint forbids": async ({ database, expect }) => {
    await single(
      database,
      "CREATE TABLE deferred (id int4 PRIMARY KEY DEFERRABLE INITIALLY DEFERRED)",
    );
    const refused = await transaction(database, [
      "INSERT INTO deferred VALUES (1)",
      "INSERT INTO deferred VALUES (1)",
    ]);
    expect(codeOf(refused)).toBe("23505");
    expect(await rowsOf(single(database, "SELECT id FROM deferred"))).toEqual([]);
  },

  "runs with the isolation, read-only and deferrable mode asked for, once": async ({
    database,
    expect,
  }) => {
    const show = `SELECT current_setting('transaction_isolation'),
      current_setting('transaction_read_only'), current_setting('transaction_deferrable')`;
    for (const isolation of ["SERIALIZABLE", "REPEATABLE READ", "READ UNCOMMITTED"] as const) {
      const rows = await rowsOf(
        transaction(database, [show], { isolation, isReadOnly: true, isDeferrable: true }),
      );
      expect(rows).toEqual([[isolation.toLowerCase(), "on", "on"]]);
      expect(await rowsOf(transaction(database, [show]))).toEqual([
        ["read committed", "off", "off"],
      ]);
    }
    const refused = await transaction(database, ["CREATE TABLE no (id int4)"], {
      isReadOnly: true,
    });
    expect(codeOf(refused)).toBe("25006");
  },

  "does not bring back the mode of a transaction that failed": async ({ database, expect }) => {
    await transaction(database, ["SELECT 1/0"], { isolation: "SERIALIZABLE", isReadOnly: true });
    expect(
      await rowsOf(single(database, "SELECT current_setting('transaction_isolation')")),
    ).toEqual([["read committed"]]);
  },

  "never shows half of a concurrent transaction": async ({ database, expect }) => {
    await single(database, "CREATE TABLE pairs (id int4, half text)");
    const writers = Array.from({ length: 20 }, (_, i) =>
      transaction(database, [
        `INSERT INTO pairs VALUES (${i}, 'left')`,
        `SELECT pg_sleep(0.002)`,
        `INSERT INTO pairs VALUES (${i}, 'right')`,
      ]),
    );
    const readers = Array.from({ length: 40 }, () =>
      rowsOf(
        single(
          database,
          "SELECT count(*) FROM (SELECT id FROM pairs GROUP BY id HAVING count(*) <> 2) h",
        ),
      ),
    );
    expect(await Promise.all(readers)).toEqual(Array.from({ length: 40 }, () => [["0"]]));
    expect((await Promise.all(writers)).map(({ kind }) => kind)).toEqual(
      Array.from({ length: 20 }, () => "done"),
    );
  },
};
