import { once } from "node:events";
import { connect } from "node:net";
import fc from "fast-check";
import { afterAll, beforeAll, describe, it } from "vitest";
import { type TestEndpoint, testEndpoint } from "./http-fixture.ts";
import { startNeonHttp } from "./server.ts";

describe("startNeonHttp", () => {
  let endpoint: TestEndpoint;
  beforeAll(async () => {
    endpoint = await testEndpoint();
  });
  afterAll(() => endpoint.dispose());
  const query = (text: string, params: readonly unknown[] = []) =>
    endpoint.post(JSON.stringify({ query: text, params }));

  it("answers a caller without headers of its own with objects of typed values", async ({
    expect,
  }) => {
    const { status, json } = await query(
      "SELECT 1 AS a, 'x' AS b, NULL AS c, 1.5::float8 AS d, '{{1,2},{3,NULL}}'::int4[] AS e, '{\"k\": [1]}'::jsonb AS f, 9::int8 AS g",
    );
    expect(status).toBe(200);
    expect(json).toMatchObject({
      rowAsArray: false,
      command: "SELECT",
      rowCount: 1,
      rows: [
        {
          a: 1,
          b: "x",
          c: null,
          d: 1.5,
          e: [
            [1, 2],
            [3, null],
          ],
          f: { k: [1] },
          g: "9",
        },
      ],
    });
  });

  it("knows the arrays of a type that was made just now", async ({ expect }) => {
    await query("SELECT '{1}'::int4[]");
    await query("CREATE TYPE shade AS ENUM ('dark', 'light')");
    const { json } = await query("SELECT '{dark,light}'::shade[] AS shades");
    expect(json).toMatchObject({ rows: [{ shades: ["dark", "light"] }] });
  });

  it("says so of an array that Postgres writes in another way", async ({ expect }) => {
    const { status, json } = await query("SELECT '1 2'::int2vector AS places");
    expect(status).toBe(500);
    expect(json).toMatchObject({ message: "could not parse postgres response", code: "" });
  });

  it("gives back every array of texts that is sent", async ({ expect }) => {
    const item = fc.option(
      fc.string({ unit: "grapheme" }).filter((text) => !text.includes("\0")),
      {
        nil: null,
      },
    );
    const sent = fc.array(item, { maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(sent, async (items) => {
        expect((await query("SELECT $1::text[] AS items", [items])).json).toMatchObject({
          rows: [{ items }],
        });
      }),
      { numRuns: 200 },
    );
  });

  it("carries a batch, and says its mode back", async ({ expect }) => {
    const { status, headers, json } = await endpoint.post(
      JSON.stringify({
        queries: [{ query: "SELECT 1 AS a" }, { query: "SELECT 2", arrayMode: true }],
      }),
      {
        "Neon-Batch-Isolation-Level": "Serializable",
        "Neon-Batch-Read-Only": "true",
        "Neon-Batch-Deferrable": "false",
      },
    );
    expect(status).toBe(200);
    expect(json).toMatchObject({ results: [{ rows: [{ a: 1 }] }, { rows: [[2]] }] });
    expect(headers.get("neon-batch-isolation-level")).toBe("Serializable");
    expect(headers.get("neon-batch-read-only")).toBe("true");
    expect(headers.get("neon-batch-deferrable")).toBe(null);
  });

  it("lets a browser of any origin ask", async ({ expect }) => {
    const preflight = await fetch(endpoint.http.url, { method: "OPTIONS" });
    expect(preflight.status).toBe(200);
    expect(preflight.headers.get("access-control-allow-origin")).toBe("*");
    expect(preflight.headers.get("access-control-allow-headers")).toContain(
      "Neon-Connection-String",
    );
    expect((await query("SELECT 1")).headers.get("access-control-allow-origin")).toBe("*");
    expect((await query("SELEC")).headers.get("access-control-allow-origin")).toBe("*");
  });

  it("serves /sql and nothing else", async ({ expect }) => {
    for (const [path, method] of [
      ["/", "GET"],
      ["/sql", "GET"],
      ["/sql/more", "POST"],
      ["/v2", "POST"],
    ] as const) {
      const response = await fetch(new URL(path, endpoint.http.url), { method });
      expect([response.status, await response.json()], path).toEqual([
        400,
        "query is not supported",
      ]);
    }
  });

  it("refuses a wrong password before it reads what is asked", async ({ expect }) => {
    const connectionString = "postgres://local:wrong@127.0.0.1/local";
    const { status, json } = await endpoint.post("not JSON", {
      "Neon-Connection-String": connectionString,
    });
    expect(status).toBe(400);
    expect(json).toMatchObject({
      message: "password authentication failed for user 'local'",
      code: "",
    });
  });

  it("takes a body of 10 MiB and refuses one byte more", async ({ expect }) => {
    const body = (sizeBytes: number) =>
      JSON.stringify({ query: "SELECT 1 AS a" }).padEnd(sizeBytes);
    const limit = 10 * 1024 * 1024;
    expect((await endpoint.post(body(limit))).status).toBe(200);
    const { status, json } = await endpoint.post(body(limit + 1));
    expect(status).toBe(413);
    expect(json).toMatchObject({ message: "request is too large (max is 10485760 bytes)" });
  });

  it("answers every body with JSON and goes on", async ({ expect }) => {
    const bodies = fc.oneof(
      fc.string(),
      fc.json(),
      fc.record({ query: fc.anything(), params: fc.anything() }).map((value) => {
        return (
          JSON.stringify(value, (_, part) => (typeof part === "bigint" ? `${part}` : part)) ?? ""
        );
      }),
    );
    await fc.assert(
      fc.asyncProperty(bodies, async (body) => {
        const { status, json } = await endpoint.post(body);
        expect([200, 400]).toContain(status);
        expect(json).toBeTypeOf("object");
      }),
      { numRuns: 200 },
    );
    expect((await query("SELECT 1 AS a")).json).toMatchObject({ rows: [{ a: 1 }] });
  });

  it("survives a client that says something else than HTTP, or stops in the middle", async ({
    expect,
  }) => {
    for (const bytes of [
      "\0\x01nonsense\r\n\r\n",
      "POST /sql HTTP/1.1\r\nContent-Length: 100\r\n\r\n{",
    ]) {
      const socket = connect(endpoint.http.port, "127.0.0.1");
      socket.on("error", () => {});
      await once(socket, "connect");
      socket.end(bytes);
      await once(socket.resume(), "close");
    }
    expect((await query("SELECT 1 AS a")).json).toMatchObject({ rows: [{ a: 1 }] });
  });

  it("hangs up on a client that sends on past ten times the bound", async ({ expect }) => {
    const sentMaxMiB = 200;
    const socket = connect(endpoint.http.port, "127.0.0.1");
    socket.on("error", () => {});
    await once(socket, "connect");
    socket.write("POST /sql HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000000\r\n\r\n");
    const chunk = Buffer.alloc(1 << 20, " ");
    let sentMiB = 0;
    while (!socket.destroyed && sentMiB < sentMaxMiB) {
      await new Promise((resolve) => socket.write(chunk, resolve));
      sentMiB += 1;
    }
    socket.destroy();
    expect(sentMiB).toBeGreaterThan(100);
    expect(sentMiB).toBeLessThan(sentMaxMiB);
  });

  // Elsewhere than on Linux, 127.0.0.1 is the only loopback address there is to ask.
  it.runIf(process.platform === "linux")("listens on 127.0.0.1 alone", async ({ expect }) => {
    const socket = connect(endpoint.http.port, "127.0.0.2");
    await expect(once(socket, "connect")).rejects.toMatchObject({ code: "ECONNREFUSED" });
  });

  it("counts requests and statements", async ({ expect }) => {
    endpoint.http.resetCounters();
    await query("SELECT 1");
    await endpoint.post(
      JSON.stringify({ queries: [{ query: "SELECT 1" }, { query: "SELECT 2" }] }),
    );
    await query("SELEC");
    await endpoint.post("{}");
    expect(endpoint.http.counters()).toEqual({ requests: 3, statements: 4 });
    endpoint.http.resetCounters();
    expect(endpoint.http.counters()).toEqual({ requests: 0, statements: 0 });
  });

  it("names a port that is taken, and the option that changes it", async ({ expect }) => {
    const { port } = endpoint.http;
    const database = { run: () => Promise.reject(), close: () => Promise.resolve() };
    await expect(startNeonHttp({ port, database, password: "p" })).rejects.toThrow(
      `Port ${port} is in use. Choose another with --sql-port.`,
    );
  });
});

describe("neon-http at its bounds", () => {
  it("closes at once, whatever runs", async ({ expect }) => {
    const database = { run: () => new Promise<never>(() => {}), close: () => Promise.resolve() };
    const http = await startNeonHttp({ port: 0, database, password: "p" });
    const answer = fetch(http.url, {
      method: "POST",
      body: JSON.stringify({ query: "SELECT 1" }),
      headers: { "Neon-Connection-String": "postgres://u:p@127.0.0.1/d" },
    });
    const failed = expect(answer).rejects.toThrow(TypeError);
    while (http.counters().statements < 1) await new Promise((resolve) => setImmediate(resolve));
    await http.close();
    await failed;
  });

  it("answers as Neon does when too many wait", async ({ expect }) => {
    const endpoint = await testEndpoint({ waitingMax: 1 });
    const post = (text: string) => endpoint.post(JSON.stringify({ query: text }));
    const answers = await Promise.all([
      post("SELECT pg_sleep(1)"),
      post("SELECT pg_sleep(1)"),
      post("SELECT pg_sleep(1)"),
    ]);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 200, 500]);
    expect(answers.find(({ status }) => status === 500)?.json).toMatchObject({
      message: expect.stringContaining("Too many database connection attempts"),
    });
    await endpoint.dispose();
  });

  it("does not run what its client gave up while it waited", async ({ expect }) => {
    const endpoint = await testEndpoint();
    const { sql } = endpoint;
    const runs = sql`SELECT pg_sleep(1.5)`.then(() => {});
    const givenUp = new AbortController();
    const waits = sql.query("CREATE TABLE given_up (id int4)", [], {
      fetchOptions: { signal: givenUp.signal },
    });
    const refused = expect(waits).rejects.toThrow("Error connecting to database: AbortError");
    while (endpoint.http.counters().requests < 2)
      await new Promise((resolve) => setImmediate(resolve));
    givenUp.abort();
    await refused;
    await runs;
    expect(await sql`SELECT to_regclass('given_up') AS made`).toEqual([{ made: null }]);
    await endpoint.dispose();
  });

  it("ends a statement that takes too long without keeping others from their answer", async ({
    expect,
  }) => {
    const endpoint = await testEndpoint({ statementTimeoutMs: 2_000 });
    const { sql } = endpoint;
    await expect(sql`SELECT pg_sleep(60)`).rejects.toMatchObject({ code: "57014" });
    expect(await sql`SELECT 1 AS a`).toEqual([{ a: 1 }]);
    await endpoint.dispose();
  });
});
