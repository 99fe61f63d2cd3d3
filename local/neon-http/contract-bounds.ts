/**
 * @module
 * Part of the contract of SqlDatabase: bounds of size, time and waiting.
 */
import { type ContractCases, rowsOf, single, transaction } from "./contract-calls.ts";

export const boundCases: ContractCases = {
  "gives up on a result larger than 10 MiB, and rolls its transaction back": async ({
    database,
    expect,
  }) => {
    await single(database, "CREATE TABLE before_large (id int4)");
    const large = "SELECT repeat('x', 1048576) FROM generate_series(1, 11)";
    expect(await single(database, large)).toEqual({ kind: "too-large" });
    expect(await transaction(database, ["INSERT INTO before_large VALUES (1)", large])).toEqual({
      kind: "too-large",
    });
    expect(await rowsOf(single(database, "SELECT id FROM before_large"))).toEqual([]);
    const fits = "SELECT repeat('x', 1048576) FROM generate_series(1, 9)";
    expect((await rowsOf(single(database, fits))).length).toBe(9);
  },

  "ends a statement that takes too long, undoes it, and serves the next": async ({
    subject,
    expect,
  }) => {
    const slow = await subject.open({ statementTimeoutMs: 2_000 });
    try {
      await single(slow.database, "CREATE TABLE before_slow (id int4)");
      const ended = await transaction(slow.database, [
        "INSERT INTO before_slow VALUES (1)",
        "SELECT count(*) FROM generate_series(1, 1000000000)",
      ]);
      expect(ended).toMatchObject({
        kind: "failed",
        error: { code: "57014", message: "canceling statement due to statement timeout" },
      });
      expect(await rowsOf(single(slow.database, "SELECT id FROM before_slow"))).toEqual([]);
    } finally {
      await slow.dispose();
    }
  },

  "gives each statement the whole time, in a batch and after another": async ({
    subject,
    expect,
  }) => {
    const timed = await subject.open({ statementTimeoutMs: 2_000 });
    try {
      const nap = "SELECT pg_sleep(0.8)";
      expect((await transaction(timed.database, [nap, nap, nap])).kind).toBe("done");
      expect((await single(timed.database, nap)).kind).toBe("done");
      expect((await single(timed.database, nap)).kind).toBe("done");
    } finally {
      await timed.dispose();
    }
  },

  "turns away who finds too many waiting, and who waited too long": async ({ subject, expect }) => {
    const small = await subject.open({ waitingMax: 1, waitMaxMs: 100 });
    try {
      const busy = Array.from({ length: subject.slots }, () =>
        single(small.database, "SELECT pg_sleep(2)"),
      );
      const waits = single(small.database, "CREATE TABLE too_late (id int4)");
      const oneTooMany = single(small.database, "CREATE TABLE too_many (id int4)");
      expect(await oneTooMany).toEqual({ kind: "busy" });
      expect(await waits).toEqual({ kind: "busy" });
      await Promise.all(busy);
      expect(
        await rowsOf(
          single(small.database, "SELECT to_regclass('too_late'), to_regclass('too_many')"),
        ),
      ).toEqual([[null, null]]);
    } finally {
      await small.dispose();
    }
  },

  "drops a request that is given up while it waits": async ({ database, expect, subject }) => {
    const busy = Array.from({ length: subject.slots }, () =>
      single(database, "SELECT pg_sleep(0.2)"),
    );
    const givenUp = new AbortController();
    const waits = database.run(
      { kind: "single", statement: { text: "CREATE TABLE given_up (id int4)", params: [] } },
      givenUp.signal,
    );
    givenUp.abort();
    expect(await waits).toEqual({ kind: "cancelled" });
    await Promise.all(busy);
    expect(await rowsOf(single(database, "SELECT to_regclass('given_up')"))).toEqual([[null]]);
  },

  "runs nothing once it is closed, and closes twice": async ({ subject, expect }) => {
    const closed = await subject.open({});
    await closed.database.close();
    await closed.database.close();
    expect((await single(closed.database, "SELECT 1")).kind).toBe("unavailable");
    await closed.dispose();
  },
};
