import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, afterEach, beforeAll, describe, it } from "vitest";
import type { FaultSpec } from "../../local/faults/fault.ts";
import { startTestPostgres, type TestPostgres } from "../../local/testing/stores.ts";
import { FAILURES_TO_OPEN, OPEN_AFTER_MS } from "../kernel/breaker.ts";
import { deadlineAfter } from "../kernel/deadline.ts";
import { UpstreamError } from "../kernel/errors.ts";
import { storeTraffic } from "../kernel/traffic.ts";
import { neonDatabase } from "./neon.ts";
import type { PostgresPort } from "./port.ts";

const CANARY = "canary-9d1c-secret-value";

let stores: TestPostgres;

beforeAll(async () => {
  stores = await startTestPostgres();
  const { port } = connect();
  await port.query("CREATE TABLE counters (name text PRIMARY KEY, n int NOT NULL)", []);
});

afterAll(() => stores.stop());

afterEach(() => stores.faults.clear());

function connect(options: { readonly url?: string; readonly clock?: () => number } = {}) {
  const clock = options.clock ?? Date.now;
  const database = neonDatabase(options.url ?? stores.databaseUrl, clock);
  const portFor = (deadlineMs: number) => {
    const traffic = storeTraffic(() => performance.now());
    const port = database.port({ traffic, deadline: deadlineAfter(clock, deadlineMs) });
    return { port, traffic };
  };
  return { breaker: database.breaker, portFor, port: portFor(10_000).port };
}

function inject(fault: Omit<FaultSpec, "target">): void {
  stores.faults.add({ target: "postgres", ...fault });
}

async function errorOf(work: Promise<unknown>): Promise<UpstreamError> {
  const error = await work.then(
    (reply) => new Error(`got ${JSON.stringify(reply)}`),
    (thrown: unknown) => thrown,
  );
  if (error instanceof UpstreamError) return error;
  throw error;
}

const RAISE =
  "INSERT INTO counters VALUES ($1, 1) ON CONFLICT (name) DO UPDATE SET n = counters.n + 1";

const raise = (port: PostgresPort, name: string, timeoutMs?: number) =>
  port.query(RAISE, [name], timeoutMs === undefined ? {} : { timeoutMs });

async function countOf(name: string): Promise<string | null> {
  const [row] = await connect().port.query("SELECT n FROM counters WHERE name = $1", [name]);
  return Object.values(row ?? {})[0] ?? null;
}

describe("the Neon adapter", () => {
  it("gives every column as Postgres' own text", async ({ expect }) => {
    const { port } = connect();
    const sql = `SELECT 1 AS int, 9007199254740993 AS big, true AS bool, 1.10 AS numeric,
      '{"b": 1, "a":2}'::jsonb AS jsonb, '{"b": 1,"a":2}'::json AS json,
      timestamptz '2026-11-22 10:00:00.123456+00' AS at, ARRAY[1,2] AS list, NULL AS nothing`;
    expect(await port.query(sql, [])).toEqual([
      {
        int: "1",
        big: "9007199254740993",
        bool: "t",
        numeric: "1.10",
        jsonb: '{"a": 2, "b": 1}',
        json: '{"b": 1,"a":2}',
        at: expect.stringMatching(/^2026-11-22 10:00:00\.123456\+00$/),
        list: "{1,2}",
        nothing: null,
      },
    ]);
  });

  it("finds a local endpoint by the machine's own name", async ({ expect }) => {
    const url = new URL(stores.databaseUrl);
    url.hostname = "localhost";
    const { port } = connect({ url: url.href });
    expect(await port.query("SELECT 1 AS one", [])).toEqual([{ one: "1" }]);
  });

  it("takes parameters of every kind the port names", async ({ expect }) => {
    const { port } = connect();
    const sql = "SELECT $1::text AS a, $2::int AS b, $3::bool AS c, $4::text AS d, $5::text[] AS e";
    const rows = await port.query(sql, ["ü'\"\\", 7, true, null, ["x,y", 'q"']]);
    expect(rows).toEqual([{ a: "ü'\"\\", b: "7", c: "t", d: null, e: '{"x,y","q\\""}' }]);
  });

  it("sends one request for a statement", async ({ expect }) => {
    const { portFor } = connect();
    const { port, traffic } = portFor(10_000);
    const before = stores.http.counters().requests;
    await port.query("SELECT 1", []);
    expect(stores.http.counters().requests - before).toBe(1);
    expect(traffic.spent()).toMatchObject({ trips: 1, requests: 1 });
  });

  describe("when the way to the database fails", () => {
    type Injected = Omit<FaultSpec, "target" | "count">;
    const cases: readonly [name: string, Injected, fault: string, applied: boolean][] = [
      ["a refused connection", { kind: "refuse" }, "unreachable", false],
      ["a request that is lost", { kind: "drop-request" }, "unreachable", false],
      ["an answer that is lost", { kind: "drop-response" }, "unreachable", true],
      ["a request that is late", { kind: "delay", delayMs: 400 }, "timeout", true],
      ["an answer that is late", { kind: "delay-response", delayMs: 400 }, "timeout", true],
      ["an answer that is not JSON", { kind: "garbage" }, "garbage", true],
      ["a front that fails", { kind: "error", status: 500, message: "no" }, "unreachable", false],
    ];
    for (const [name, injected, fault, isApplied] of cases) {
      it(`calls ${name} ${fault}, outcome unknown`, async ({ expect }) => {
        const { port } = connect();
        inject({ ...injected, count: 1 });
        const started = performance.now();
        const error = await errorOf(raise(port, name, 200));
        expect(error).toMatchObject({
          fault,
          outcome: "unknown",
          storeCode: null,
          dependency: "postgres",
        });
        expect(performance.now() - started).toBeLessThan(390);
        if (isApplied) await expect.poll(() => countOf(name)).toBe("1");
      });
    }
  });

  it("keeps the SQLSTATE of a statement that Postgres refused, of which nothing was applied", async ({
    expect,
  }) => {
    const { port, breaker } = connect();
    await raise(port, "unique");
    const cases = [
      ["INSERT INTO counters VALUES ('unique', 1)", "23505"],
      ["SELECT * FROM no_such_table", "42P01"],
      ["SELECT 1 / 0", "22012"],
      ["SELEC", "42601"],
    ] as const;
    for (const [sql, storeCode] of cases) {
      expect(await errorOf(port.query(sql, []))).toMatchObject({
        fault: "refused",
        storeCode,
        outcome: "not_applied",
      });
    }
    expect(breaker.state(Date.now())).toBe("closed");
  });

  it("calls the outcome unknown when the connection broke or the server stopped", async ({
    expect,
  }) => {
    const { port } = connect();
    for (const sqlstate of ["57P01", "08006", "58030", "XX000"]) {
      const sql = `DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = '${sqlstate}'; END $$`;
      expect(await errorOf(port.query(sql, []))).toMatchObject({
        fault: "refused",
        storeCode: sqlstate,
        outcome: "unknown",
      });
    }
  });

  it("knows that a statement the server cancelled or could not serialize was rolled back", async ({
    expect,
  }) => {
    const { port } = connect();
    for (const sqlstate of ["57014", "40001", "40P01"]) {
      const sql = `DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = '${sqlstate}'; END $$`;
      expect(await errorOf(port.query(sql, []))).toMatchObject({
        fault: "refused",
        storeCode: sqlstate,
        outcome: "not_applied",
      });
    }
  });

  it("lets nothing of a statement, its values or the database's text into an error", async ({
    expect,
  }) => {
    const { port } = connect();
    const password = new URL(stores.databaseUrl).password;
    const inject1 = (fault: Omit<FaultSpec, "target">) => inject({ ...fault, count: 1 });
    const sql = `SELECT '${CANARY}'::int + $1::int`;
    const faults: (() => void)[] = [
      () => undefined,
      () => inject1({ kind: "refuse" }),
      () => inject1({ kind: "garbage" }),
      () => inject1({ kind: "drop-response" }),
      () => inject1({ kind: "error", status: 500, message: CANARY }),
      () => inject1({ kind: "delay", delayMs: 200 }),
    ];
    for (const prepare of faults) {
      prepare();
      const error = await errorOf(port.query(sql, [CANARY], { timeoutMs: 100 }));
      const all = [error.message, error.stack, error.cause, JSON.stringify(error)].join("\n");
      expect(all).not.toContain(CANARY);
      expect(all).not.toContain(password);
    }
  });

  it("shows nothing of a password that was not taken", async ({ expect }) => {
    const url = new URL(stores.databaseUrl);
    url.password = CANARY;
    const error = await errorOf(connect({ url: url.href }).port.query("SELECT 1", []));
    expect(error.outcome).toBe("unknown");
    expect(`${error.stack}${JSON.stringify(error)}`).not.toContain(CANARY);
  });

  it("calls an answer that stops in its middle a timeout", async ({ expect }) => {
    const server = createServer((_, response) => {
      response.writeHead(200, { "Content-Length": "100" }).write('{"rows":');
    });
    await once(server.listen(0, "127.0.0.1"), "listening");
    const { port: tcpPort } = server.address() as AddressInfo;
    const { port } = connect({ url: `postgres://u:p@127.0.0.1:${tcpPort}/d` });
    const error = await errorOf(port.query("SELECT 1", [], { timeoutMs: 100 }));
    server.closeAllConnections();
    server.close();
    expect(error).toMatchObject({ fault: "timeout", outcome: "unknown" });
  });

  it("bounds a call by the caller's deadline, and sends none after it", async ({ expect }) => {
    let nowMs = 0;
    const { portFor } = connect({ clock: () => nowMs });
    const { port } = portFor(100);
    inject({ kind: "delay", delayMs: 400, count: 1 });
    expect(await errorOf(raise(port, "late"))).toMatchObject({
      fault: "timeout",
      outcome: "unknown",
    });
    nowMs = 100;
    const before = stores.http.counters().requests;
    expect(await errorOf(raise(port, "late"))).toMatchObject({
      fault: "timeout",
      outcome: "not_applied",
    });
    expect(stores.http.counters().requests).toBe(before);
  });

  it("leaves a database alone that has failed too often in a row", async ({ expect }) => {
    let nowMs = 0;
    const { port, breaker } = connect({ clock: () => nowMs });
    inject({ kind: "drop-request", count: FAILURES_TO_OPEN });
    const openAtMs = FAILURES_TO_OPEN * OPEN_AFTER_MS;
    for (; nowMs < openAtMs; nowMs += OPEN_AFTER_MS) await errorOf(port.query("SELECT 1", []));
    const before = stores.http.counters().requests;
    expect(await errorOf(port.query("SELECT 1", []))).toMatchObject({
      fault: "circuit_open",
      outcome: "not_applied",
    });
    expect(stores.http.counters().requests).toBe(before);
    nowMs += breaker.retryAfterMs(nowMs);
    expect(await port.query("SELECT 1 AS one", [])).toEqual([{ one: "1" }]);
  });

  it("forgives a database its failures at the first answer", async ({ expect }) => {
    let nowMs = 0;
    const { port, breaker } = connect({ clock: () => nowMs });
    inject({ kind: "drop-request", count: FAILURES_TO_OPEN - 1 });
    for (let failures = 1; failures < FAILURES_TO_OPEN; failures += 1) {
      await errorOf(port.query("SELECT 1", []));
      nowMs += OPEN_AFTER_MS;
    }
    await port.query("SELECT 1", []);
    inject({ kind: "drop-request", count: 1 });
    await errorOf(port.query("SELECT 1", []));
    expect(breaker.state(nowMs)).toBe("closed");
  });

  it("goes on asking a database that answers with refusals", async ({ expect }) => {
    let nowMs = 0;
    const { port, breaker } = connect({ clock: () => nowMs });
    for (let refusals = 0; refusals <= FAILURES_TO_OPEN; refusals += 1) {
      const error = await errorOf(port.query("SELECT 1 / 0", []));
      expect(error).toMatchObject({ fault: "refused" });
      nowMs += OPEN_AFTER_MS;
    }
    expect(breaker.state(nowMs)).toBe("closed");
    expect(breaker.isSuspect()).toBe(false);
  });

  it("never sends a statement twice", async ({ expect }) => {
    const { port } = connect();
    inject({ kind: "drop-response", count: 1 });
    await errorOf(raise(port, "once"));
    expect(await countOf("once")).toBe("1");
  });
});
