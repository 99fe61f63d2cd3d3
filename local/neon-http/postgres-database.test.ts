import { afterAll, beforeAll, describe, it, vi } from "vitest";
import { sqlDatabaseContract } from "./contract.ts";
import { rowsOf, single, transaction } from "./contract-calls.ts";
import type { SqlDatabase, SqlOutcome } from "./database.ts";
import { openPostgres } from "./postgres-database.ts";
import { postgresBinaries, type TemporaryPostgres, temporaryPostgres } from "./postgres-fixture.ts";

const binaries = postgresBinaries();
const codeOf = (outcome: SqlOutcome) =>
  outcome.kind === "failed" ? outcome.error.code : outcome.kind;

if (binaries === null) {
  describe("SqlDatabase over a Postgres server", () => {
    it("is not tested here: no Postgres binaries under /usr/lib/postgresql", () => {});
  });
} else {
  describe("SqlDatabase over a Postgres server", () => {
    let postgres: TemporaryPostgres;
    beforeAll(async () => {
      postgres = await temporaryPostgres(binaries);
    });
    afterAll(() => postgres.dispose());

    describe("as every adapter", () => {
      sqlDatabaseContract({
        slots: 20,
        open: async (options) => {
          const database = await openPostgres({
            ...options,
            connectionString: postgres.connectionString,
          });
          return { database, dispose: () => database.close() };
        },
      });
    });

    describe("as a server", () => {
      let database: SqlDatabase;
      beforeAll(async () => {
        database = await openPostgres({ connectionString: postgres.connectionString });
      });
      afterAll(() => database.close());
      parallelTests(() => database);
      givenUpTests(
        () => database,
        () => postgres.connectionString,
      );
      brokenTests(
        () => database,
        () => postgres,
      );
    });
  });
}

/** Ends once two have come: sequences are counted outside of transactions. */
const meet = (place: string) => `DO $$ BEGIN
  PERFORM nextval('${place}');
  FOR i IN 1..2000 LOOP
    IF (SELECT last_value FROM ${place}) >= 2 THEN RETURN; END IF;
    PERFORM pg_sleep(0.01);
  END LOOP;
  RAISE EXCEPTION 'nobody else came to ${place}';
END $$`;

function parallelTests(database: () => SqlDatabase): void {
  const meetingPlace = async (place: string) => {
    await single(database(), `CREATE SEQUENCE ${place}`);
    return meet(place);
  };

  it("runs requests in parallel", async ({ expect }) => {
    const here = await meetingPlace("in_parallel");
    const outcomes = await Promise.all([single(database(), here), single(database(), here)]);
    expect(outcomes.map(codeOf)).toEqual(["done", "done"]);
  });

  it("has real serialization failures", async ({ expect }) => {
    await single(database(), "CREATE TABLE skew (class int4)");
    const [read, written] = [await meetingPlace("both_read"), await meetingPlace("both_wrote")];
    const batch = (reads: number, writes: number) =>
      transaction(
        database(),
        [
          `SELECT count(*) FROM skew WHERE class = ${reads}`,
          read,
          `INSERT INTO skew VALUES (${writes})`,
          written,
        ],
        { isolation: "SERIALIZABLE" },
      );
    const outcomes = await Promise.all([batch(1, 2), batch(2, 1)]);
    expect(outcomes.map(codeOf).sort()).toEqual(["40001", "done"]);
  });

  it("has real deadlocks, and real locks to wait for", async ({ expect }) => {
    await single(database(), "CREATE TABLE locked AS SELECT generate_series(1, 2) AS id");
    const lock = (id: number, how = "") =>
      `SELECT id FROM locked WHERE id = ${id} FOR UPDATE ${how}`;
    const [have, held, asked] = [
      await meetingPlace("both_have_one"),
      await meetingPlace("one_is_held"),
      await meetingPlace("one_was_refused"),
    ];
    const outcomes = await Promise.all([
      transaction(database(), [lock(1), have, lock(2)]),
      transaction(database(), [lock(2), have, lock(1)]),
    ]);
    expect(outcomes.map(codeOf).sort()).toEqual(["40P01", "done"]);
    const [holds, refused] = await Promise.all([
      transaction(database(), [lock(1), held, asked]),
      transaction(database(), [held, lock(1, "NOWAIT")]).then(async (outcome) => {
        await single(database(), asked);
        return outcome;
      }),
    ]);
    expect([codeOf(holds), codeOf(refused)]).toEqual(["done", "55P03"]);
  });
}

/** Shrugs the first cancellation off, and runs on for so long. */
const stubborn = (runsOnSeconds: number) => `DO $$ BEGIN
  BEGIN PERFORM pg_sleep(30); EXCEPTION WHEN query_canceled THEN NULL; END;
  PERFORM pg_sleep(${runsOnSeconds});
END $$`;

function givenUpTests(database: () => SqlDatabase, connectionString: () => string): void {
  const isActive = async (text: string) => {
    const active = "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query = $1";
    return (await rowsOf(single(database(), active, text)))[0]?.[0] !== "0";
  };

  it("says of a batch that was applied that it was, and keeps its connection", async ({
    expect,
  }) => {
    await single(database(), "CREATE TABLE applied (pid int4)");
    const own = await openPostgres({ connectionString: connectionString() });
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    try {
      const givenUp = new AbortController();
      const texts = ["INSERT INTO applied VALUES (pg_backend_pid())", stubborn(0)];
      const statements = texts.map((text) => ({ text, params: [] }));
      const mode = { isolation: null, isReadOnly: false, isDeferrable: false };
      const runs = own.run({ kind: "transaction", statements, mode }, givenUp.signal);
      await until(() => isActive(stubborn(0)));
      givenUp.abort();
      expect((await runs).kind).toBe("done");
      await vi.advanceTimersByTimeAsync(2_000);
    } finally {
      vi.useRealTimers();
    }
    // Long enough for a session that was ended to be gone.
    await single(database(), "SELECT pg_sleep(0.3)");
    const kept = "SELECT count(*) FROM applied JOIN pg_stat_activity USING (pid)";
    expect(await rowsOf(single(database(), kept))).toEqual([["1"]]);
    await own.close();
  });

  it("takes the connection from a query that does not end when it is cancelled", async ({
    expect,
  }) => {
    const givenUp = new AbortController();
    const statement = { text: stubborn(10), params: [] };
    const runs = database().run({ kind: "single", statement }, givenUp.signal);
    await until(() => isActive(statement.text));
    givenUp.abort();
    expect(await runs).toEqual({ kind: "cancelled" });
  });

  it("ends what still runs a moment after it was closed", async ({ expect }) => {
    const closing = await openPostgres({ connectionString: connectionString() });
    const runs = single(closing, "SELECT pg_sleep(10.5)");
    await until(() => isActive("SELECT pg_sleep(10.5)"));
    await closing.close();
    expect((await runs).kind).toBe("lost");
  });
}

function brokenTests(database: () => SqlDatabase, postgres: () => TemporaryPostgres): void {
  it("cancels a query whose caller gives up, and uses the connection again", async ({ expect }) => {
    await single(database(), "CREATE TABLE given_up_on (id int4)");
    const givenUp = new AbortController();
    const text = "INSERT INTO given_up_on SELECT 1 FROM pg_sleep(30)";
    const runs = database().run(
      { kind: "single", statement: { text, params: [] } },
      givenUp.signal,
    );
    const active = `SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query = '${text}'`;
    await until(async () => (await rowsOf(single(database(), active)))[0]?.[0] === "1");
    givenUp.abort();
    expect(await runs).toEqual({ kind: "cancelled" });
    // The caller is answered at once; the server hears of it on another connection.
    await until(async () => (await rowsOf(single(database(), active)))[0]?.[0] === "0");
    expect(await rowsOf(single(database(), "SELECT id FROM given_up_on"))).toEqual([]);
  });

  it("passes on that the server ended the session, and opens another", async ({ expect }) => {
    const ended = await single(database(), "SELECT pg_terminate_backend(pg_backend_pid())");
    expect(codeOf(ended)).toBe("57P01");
    expect((await single(database(), "SELECT 1")).kind).toBe("done");
  });

  it("passes on why the server takes no connection", async ({ expect }) => {
    await single(database(), "CREATE DATABASE shut");
    const url = new URL(postgres().connectionString);
    url.pathname = "/shut";
    const shut = await openPostgres({ connectionString: url.href });
    await single(database(), "ALTER DATABASE shut ALLOW_CONNECTIONS false");
    const sessions = "FROM pg_stat_activity WHERE datname = 'shut'";
    await single(database(), `SELECT pg_terminate_backend(pid) ${sessions}`);
    // Until the last of them is gone, a request may still be given one.
    let outcome = await single(shut, "SELECT 1");
    while (outcome.kind !== "unavailable") outcome = await single(shut, "SELECT 1");
    expect(outcome).toMatchObject({
      kind: "unavailable",
      error: { code: "55000", message: 'database "shut" is not currently accepting connections' },
    });
    await shut.close();
  });

  it("says what is known when the server dies, and goes on when it is back", async ({ expect }) => {
    const runs = single(database(), "SELECT pg_sleep(30)");
    const active = "SELECT count(*) FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(30)'";
    await until(async () => (await rowsOf(single(database(), active)))[0]?.[0] === "1");
    await postgres().kill();
    const ended = await runs;
    expect(ended.kind === "lost" || codeOf(ended) === "57P02", JSON.stringify(ended)).toBe(true);
    expect(await single(database(), "SELECT 1")).toMatchObject({
      kind: "unavailable",
      message: expect.stringContaining("ECONNREFUSED"),
      error: null,
    });
    await postgres().start();
    expect((await single(database(), "SELECT 1")).kind).toBe("done");
  });

  it("refuses at once a server that is not there, and text that is no address", async ({
    expect,
  }) => {
    await expect(openPostgres({ connectionString: "postgres://u@127.0.0.1:1/d" })).rejects.toThrow(
      "Postgres at 127.0.0.1:1 does not serve",
    );
    await expect(openPostgres({ connectionString: "localhost:5432" })).rejects.toThrow(
      "looks like postgres://user:password@host:5432/db",
    );
  });
}

/** Asks again until it is so; the test's own timeout ends it. */
async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await new Promise((resolve) => setImmediate(resolve));
}
