import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { Redis } from "ioredis";
import { afterAll, afterEach, beforeAll, describe, it, onTestFinished } from "vitest";
import type { FaultSpec } from "../../local/faults/fault.ts";
import { startTestRedis, type TestRedis } from "../../local/testing/stores.ts";
import { FAILURES_TO_OPEN, OPEN_AFTER_MS } from "../kernel/breaker.ts";
import { deadlineAfter } from "../kernel/deadline.ts";
import { UpstreamError } from "../kernel/errors.ts";
import { storeTraffic } from "../kernel/traffic.ts";
import type { RedisPort } from "./port.ts";
import { list, text } from "./reply.ts";
import { defineScript } from "./script.ts";
import { upstashDatabase } from "./upstash.ts";

const CANARY = "canary-7f3a-secret-value";

let stores: TestRedis;
let direct: Redis;

beforeAll(async () => {
  stores = await startTestRedis();
  direct = new Redis({ host: "127.0.0.1", port: stores.port });
});

afterAll(async () => {
  direct.disconnect();
  await stores.stop();
});

afterEach(() => stores.faults.clear());

interface ConnectOptions {
  readonly url?: string;
  readonly token?: string;
  readonly clock?: () => number;
}

function connect({ url, token, clock = Date.now }: ConnectOptions = {}) {
  const database = upstashDatabase({ url: url ?? stores.url, token: token ?? stores.token }, clock);
  const portFor = (deadlineMs: number) => {
    const traffic = storeTraffic(() => performance.now());
    const port = database.port({ traffic, deadline: deadlineAfter(clock, deadlineMs) });
    return { port, traffic };
  };
  return { breaker: database.breaker, portFor, port: portFor(10_000).port };
}

/** Connects to a server that behaves as no Redis does. */
async function connectTo(behaviour: RequestListener) {
  const server = createServer(behaviour);
  await once(server.listen(0, "127.0.0.1"), "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return connect({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
}

function inject(fault: Omit<FaultSpec, "target">): void {
  stores.faults.add({ target: "main", ...fault });
}

async function errorOf(work: Promise<unknown>): Promise<UpstreamError> {
  const error = await work.then(
    (reply) => new Error(`got ${String(reply)}`),
    (thrown: unknown) => thrown,
  );
  if (error instanceof UpstreamError) return error;
  throw error;
}

const incr = (port: RedisPort, key: string) => port.command(["INCR", key]);
const requests = () => Object.values(stores.http.counters())[0]?.requests ?? 0;

describe("the Upstash adapter", () => {
  it("gives replies as Redis has them: text stays text, whatever it looks like", async ({
    expect,
  }) => {
    const { port } = connect();
    for (const value of [
      "1",
      "true",
      "null",
      '{"a":1}',
      "",
      "OK",
      "ü\u2028€\u0000",
      "T0s=",
      "1.10",
    ]) {
      await port.command(["SET", "text", value]);
      expect(await port.command(["GET", "text"])).toBe(value);
    }
    await port.command(["DEL", "list"]);
    expect(await port.command(["RPUSH", "list", 1, "two"])).toBe(2);
    expect(await port.command(["LRANGE", "list", 0, -1])).toEqual(["1", "two"]);
    expect(await port.command(["GET", "no such key"])).toBeNull();
  });

  it("sends one request for a call, and one more for a script Redis does not know", async ({
    expect,
  }) => {
    const source = "#!lua flags=allow-key-locking\nreturn {KEYS[1], ARGV[1], 'adapter'}\n";
    const echo = defineScript<[string], [string], string[]>(source, (reply) =>
      list(reply).map(text),
    );
    const { portFor } = connect();
    await direct.script("FLUSH");
    const trips = [];
    for (let i = 0; i < 2; i += 1) {
      const { port, traffic } = portFor(10_000);
      const before = requests();
      expect(await echo(port, ["k"], ["v"])).toEqual(["k", "v", "adapter"]);
      trips.push([requests() - before, traffic.spent().trips]);
    }
    expect(trips).toEqual([
      [2, 2],
      [1, 1],
    ]);
  });

  it("sends a reading script in the form that replicas take", async ({ expect }) => {
    const source = "#!lua flags=no-writes,allow-key-locking\nreturn redis.call('GET', KEYS[1])\n";
    const read = defineScript<[string], [], string>(source, text);
    await direct.set("readable", "yes");
    await direct.config("RESETSTAT");
    const { port } = connect();
    expect([await read(port, ["readable"], []), await read(port, ["readable"], [])]).toEqual([
      "yes",
      "yes",
    ]);
    const stats = await direct.info("commandstats");
    expect(stats).toContain("cmdstat_evalsha_ro:calls=2");
    expect(stats).not.toContain("cmdstat_evalsha:");
  });

  describe("when the way to the store fails", () => {
    const unanswered = { outcome: "unknown", storeCode: null, dependency: "redis" };
    type Injected = Omit<FaultSpec, "target" | "count">;
    const cases: readonly [name: string, Injected, fault: string, applied: boolean][] = [
      ["a refused connection", { kind: "refuse" }, "unreachable", false],
      ["a request that is lost", { kind: "drop-request" }, "unreachable", false],
      ["an answer that is lost", { kind: "drop-response" }, "unreachable", true],
      ["a request that is late", { kind: "delay", delayMs: 400 }, "timeout", true],
      ["an answer that is late", { kind: "delay-response", delayMs: 400 }, "timeout", true],
      ["an answer that is not JSON", { kind: "garbage" }, "garbage", true],
      ["a front that fails", { kind: "error", status: 503, message: "no" }, "unreachable", false],
    ];
    for (const [name, injected, fault, isApplied] of cases) {
      it(`calls ${name} ${fault}, outcome unknown`, async ({ expect }) => {
        const { port } = connect();
        const key = `fault:${injected.kind}`;
        await direct.del(key);
        inject({ ...injected, count: 1 });
        const started = performance.now();
        const error = await errorOf(port.command(["INCR", key], { timeoutMs: 200 }));
        expect(error).toMatchObject({ fault, ...unanswered });
        expect(performance.now() - started).toBeLessThan(390);
        if (isApplied) await expect.poll(() => direct.get(key)).toBe("1");
      });
    }
  });

  describe("when the store answers with an error", () => {
    const cases: readonly [message: string, storeCode: string, outcome: string][] = [
      ["OOM command not allowed when used memory > 'maxmemory'.", "OOM", "not_applied"],
      ["LOADING Redis is loading the dataset in memory", "LOADING", "not_applied"],
      ["READONLY You can't write against a read only replica.", "READONLY", "not_applied"],
      ["ERR value is not an integer or out of range", "ERR", "unknown"],
    ];
    for (const [message, storeCode, outcome] of cases) {
      it(`keeps the code of "${message}" and calls its outcome ${outcome}`, async ({ expect }) => {
        const { port } = connect();
        inject({ kind: "error", count: 1, status: 400, message });
        const error = await errorOf(incr(port, "k"));
        expect(error).toMatchObject({ fault: "refused", storeCode, outcome });
      });
    }

    it("knows a wrong token for what it is", async ({ expect }) => {
      const { port } = connect({ token: "wrong" });
      expect(await errorOf(incr(port, "k"))).toMatchObject({
        fault: "refused",
        storeCode: "WRONGPASS",
        outcome: "not_applied",
      });
    });
  });

  it("lets nothing of a command, its values or the store's text into an error", async ({
    expect,
  }) => {
    const { port } = connect();
    const faults: Omit<FaultSpec, "target">[] = [
      { kind: "refuse" },
      { kind: "drop-response" },
      { kind: "garbage" },
      { kind: "error", status: 400, message: `ERR near ${CANARY}` },
      { kind: "error", status: 500, message: CANARY },
      { kind: "delay", delayMs: 200 },
    ];
    for (const fault of faults) {
      inject({ ...fault, count: 1 });
      const work = port.command(["SET", CANARY, CANARY], { timeoutMs: 100 });
      const error = await errorOf(work);
      const all = [error.message, error.stack, error.cause, JSON.stringify(error)].join("\n");
      expect(all).not.toContain(CANARY);
      expect(all).not.toContain(stores.token);
    }
  });

  it("calls an answer that stops in its middle a timeout", async ({ expect }) => {
    const { port } = await connectTo((_, response) => {
      response.writeHead(200, { "Content-Length": "100" }).write('{"result":');
    });
    const error = await errorOf(port.command(["PING"], { timeoutMs: 100 }));
    expect(error).toMatchObject({ fault: "timeout", outcome: "unknown" });
  });

  it("bounds each of several calls at once by its own time", async ({ expect }) => {
    const { port } = connect();
    inject({ kind: "delay", delayMs: 300 });
    const outcomes = await Promise.all(
      [50, 2_000, 60].map((timeoutMs) =>
        port.command(["PING"], { timeoutMs }).catch((error: UpstreamError) => error.fault),
      ),
    );
    expect(outcomes).toEqual(["timeout", "PONG", "timeout"]);
  });

  it("bounds a call by the caller's deadline, and sends none after it", async ({ expect }) => {
    let nowMs = 0;
    const { portFor } = connect({ clock: () => nowMs });
    const { port } = portFor(100);
    inject({ kind: "delay", delayMs: 400, count: 1 });
    const started = performance.now();
    expect(await errorOf(incr(port, "late"))).toMatchObject({
      fault: "timeout",
      outcome: "unknown",
    });
    expect(performance.now() - started).toBeLessThan(390);
    nowMs = 100;
    const before = requests();
    expect(await errorOf(incr(port, "late"))).toMatchObject({
      fault: "timeout",
      outcome: "not_applied",
    });
    expect(requests()).toBe(before);
  });

  it("leaves a store alone that has failed too often in a row, and says that nothing was sent", async ({
    expect,
  }) => {
    let nowMs = 0;
    const { port, breaker } = connect({ clock: () => nowMs });
    inject({ kind: "drop-request", count: FAILURES_TO_OPEN });
    const openAtMs = FAILURES_TO_OPEN * OPEN_AFTER_MS;
    for (; nowMs < openAtMs; nowMs += OPEN_AFTER_MS) await errorOf(incr(port, "k"));
    const before = requests();
    const refused = { fault: "circuit_open", outcome: "not_applied" };
    expect(await errorOf(incr(port, "k"))).toMatchObject(refused);
    expect(requests()).toBe(before);
    nowMs += breaker.retryAfterMs(nowMs);
    expect(await port.command(["PING"])).toBe("PONG");
    expect(breaker.state(nowMs)).toBe("closed");
  });

  it("is opened by no number of callers in a hurry", async ({ expect }) => {
    const { port, breaker } = connect();
    inject({ kind: "delay-response", delayMs: 50, count: 2 * FAILURES_TO_OPEN });
    for (let i = 0; i < 2 * FAILURES_TO_OPEN; i += 1) {
      expect((await errorOf(port.command(["PING"], { timeoutMs: 10 }))).fault).toBe("timeout");
    }
    expect(breaker.state(Date.now())).toBe("closed");
  });

  it("aborts the requests of a store that has left one unanswered", async ({ expect }) => {
    const aborted: boolean[] = [];
    const { port } = await connectTo((_, response) => {
      const which = aborted.push(false) - 1;
      response.once("close", () => {
        aborted[which] = true;
      });
    });
    for (let i = 0; i < 3; i += 1) await errorOf(port.command(["PING"], { timeoutMs: 50 }));
    await expect.poll(() => aborted).toEqual([false, true, true]);
  });

  it("does not count errors of a store that answers", async ({ expect }) => {
    const { port, breaker } = connect();
    await direct.set("string", "x");
    for (let i = 0; i < 2 * FAILURES_TO_OPEN; i += 1) {
      expect((await errorOf(port.command(["LPUSH", "string", "y"]))).storeCode).toBe("WRONGTYPE");
    }
    expect(breaker.state(Date.now())).toBe("closed");
  });
});
