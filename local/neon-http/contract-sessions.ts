/**
 * @module
 * Part of the contract of SqlDatabase: a request leaves nothing behind.
 */
import { type ContractCases, rowsOf, single } from "./contract-calls.ts";

export const sessionCases: ContractCases = {
  "ends a transaction that was left open with its request": async ({ database, expect }) => {
    await single(database, "CREATE TABLE left_open (id int4)");
    await single(database, "BEGIN");
    await single(database, "INSERT INTO left_open VALUES (1)");
    await single(database, "ROLLBACK");
    expect(await rowsOf(single(database, "SELECT id FROM left_open"))).toEqual([["1"]]);
  },

  "gives the next request a session that knows nothing of the last": async ({
    database,
    expect,
  }) => {
    for (const text of [
      "SET search_path = 'elsewhere'",
      "SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL SERIALIZABLE, READ ONLY",
      "SELECT set_config('app.user', 'alice', false)",
      "CREATE TEMPORARY TABLE scratch (id int4)",
      "PREPARE once AS SELECT 1",
      "SELECT pg_advisory_lock(42)",
      "SET ROLE pg_monitor",
    ]) {
      expect((await single(database, text)).kind, text).toBe("done");
    }
    const rows = await rowsOf(
      single(
        database,
        `SELECT current_setting('search_path'), current_setting('transaction_isolation'),
          current_setting('transaction_read_only'), current_setting('app.user', true),
          to_regclass('scratch'), (SELECT count(*) FROM pg_prepared_statements WHERE name = 'once'),
          (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()), current_user`,
      ),
    );
    expect(rows[0]?.map((value) => value || null)).toEqual([
      '"$user", public',
      "read committed",
      "off",
      null,
      null,
      "0",
      "0",
      "postgres",
    ]);
  },
};
