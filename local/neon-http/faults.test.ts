import { NeonDbError } from "@neondatabase/serverless";
import { afterAll, afterEach, beforeAll, describe, it } from "vitest";
import { type TestEndpoint, testEndpoint } from "./http-fixture.ts";

describe("faults, seen through the unmodified driver", () => {
  let endpoint: TestEndpoint;
  let table = 0;
  beforeAll(async () => {
    endpoint = await testEndpoint();
  });
  afterAll(() => endpoint.dispose());
  afterEach(() => {
    endpoint.faults.clear();
  });

  /** A table of the test's own, a way to write into it, and how often that was applied. */
  const writes = async () => {
    const { sql } = endpoint;
    table += 1;
    const name = `written_${table}`;
    await sql.query(`CREATE TABLE ${name} (id int4)`);
    return {
      insert: () => sql.query(`INSERT INTO ${name} VALUES (1)`),
      applied: async () => {
        const [row] = await sql.query(`SELECT count(*) FROM ${name}`, [], { arrayMode: true });
        return Number(row?.[0]);
      },
    };
  };
  const inject = (fault: object) =>
    endpoint.faults.add({ target: "postgres", command: "INSERT", count: 1, ...fault });

  it("drop-request: the driver fails, nothing is written", async ({ expect }) => {
    const { insert, applied } = await writes();
    inject({ kind: "drop-request" });
    const failure = await insert().catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(NeonDbError);
    expect(failure).toMatchObject({ code: undefined, sourceError: expect.any(TypeError) });
    expect(await applied()).toBe(0);
  });

  it("drop-response: the driver fails in the same way, and it is written", async ({ expect }) => {
    const { insert, applied } = await writes();
    inject({ kind: "drop-response" });
    await expect(insert()).rejects.toMatchObject({
      code: undefined,
      sourceError: expect.any(TypeError),
    });
    expect(await applied()).toBe(1);
  });

  it("refuse: no connection", async ({ expect }) => {
    const { insert, applied } = await writes();
    endpoint.faults.add({ target: "*", kind: "refuse", count: 1 });
    await expect(insert()).rejects.toThrow("Error connecting to database");
    expect(await applied()).toBe(0);
  });

  it("duplicate: written twice, answered once", async ({ expect }) => {
    const { insert, applied } = await writes();
    inject({ kind: "duplicate", delayMs: 0 });
    expect(await insert()).toEqual([]);
    while ((await applied()) < 2);
    expect(await applied()).toBe(2);
  });

  it("delay: a write whose client has gone is written all the same", async ({ expect }) => {
    const { insert, applied } = await writes();
    inject({ kind: "delay", delayMs: 150 });
    const givenUp = new AbortController();
    const { sql } = endpoint;
    const late = sql.query(`INSERT INTO written_${table} VALUES (2)`, [], {
      fetchOptions: { signal: givenUp.signal },
    });
    const failed = expect(late).rejects.toThrow("AbortError");
    while ((endpoint.faults.list()[0]?.hits ?? 1) < 1)
      await new Promise((next) => setImmediate(next));
    givenUp.abort();
    await failed;
    while ((await applied()) < 1);
    await insert();
    expect(await applied()).toBe(2);
  });

  it("delay-response: written at once, answered late", async ({ expect }) => {
    const { insert, applied } = await writes();
    inject({ kind: "delay-response", delayMs: 200 });
    let isAnswered = false;
    const answer = insert().then(() => {
      isAnswered = true;
    });
    while ((await applied()) < 1);
    expect(isAnswered).toBe(false);
    await answer;
  });

  it("garbage: written, and the answer cannot be read", async ({ expect }) => {
    const { insert, applied } = await writes();
    inject({ kind: "garbage" });
    await expect(insert()).rejects.toThrow(SyntaxError);
    expect(await applied()).toBe(1);
  });

  it("error: nothing is written; a SQLSTATE in front of the message is the code", async ({
    expect,
  }) => {
    const { insert, applied } = await writes();
    inject({ kind: "error", status: 400, message: "40001 could not serialize access" });
    await expect(insert()).rejects.toMatchObject({
      name: "NeonDbError",
      message: "could not serialize access",
      code: "40001",
      severity: "ERROR",
    });
    inject({ kind: "error", status: 400, message: "QUOTA is used up" });
    await expect(insert()).rejects.toMatchObject({ message: "QUOTA is used up", code: "" });
    inject({ kind: "error", status: 503, message: "no compute" });
    await expect(insert()).rejects.toThrow(
      'Server error (HTTP status 503): {"message":"no compute"',
    );
    expect(await applied()).toBe(0);
  });

  it("counts a request once, and its statements as often as the database got them", async ({
    expect,
  }) => {
    const { insert } = await writes();
    const { http } = endpoint;
    http.resetCounters();
    inject({ kind: "drop-request" });
    await expect(insert()).rejects.toThrow("Error connecting to database");
    expect(http.counters()).toEqual({ requests: 1, statements: 0 });
    inject({ kind: "duplicate", delayMs: 0 });
    await insert();
    while (http.counters().statements < 2) await new Promise((next) => setImmediate(next));
    expect(http.counters()).toEqual({ requests: 2, statements: 2 });
  });

  it("hits by the first word of the SQL, in any case, and nothing else", async ({ expect }) => {
    const { sql } = endpoint;
    endpoint.faults.add({ target: "postgres", kind: "error", command: "select" });
    await expect(sql`/* a note */ SELECT 1`).rejects.toThrow("HTTP status 500");
    await expect(sql.transaction([sql`SELECT 1`])).rejects.toThrow("HTTP status 500");
    expect(await sql`VALUES (1)`).toEqual([{ column1: 1 }]);
    expect(await sql.transaction([sql`VALUES (1)`, sql`SELECT 1`])).toHaveLength(2);
  });
});
