import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, it } from "vitest";
import { readStack, type StackRedis } from "../stack-file.ts";
import {
  callControl,
  callRedis,
  callSql,
  stackOf,
  workerStatusOf,
} from "../testing/stack-calls.ts";
import { freeBases, runStart, type StartedStack, startStack } from "../testing/started-stack.ts";
import type { ProcessSnapshot } from "./managed-process.ts";
import type { PortBases } from "./ports.ts";
import { childrenOf, identify } from "./process-identity.ts";

/** The contract says 2 s. A machine that runs every test at once may take longer: no test measures it. */
const BACK_WITHIN = { timeout: 10_000, interval: 20 };
const STOPPED_WITHIN_MS = 5000;

const dataDir = mkdtempSync(join(tmpdir(), "stack-"));
let bases: PortBases;
let running: StartedStack;

beforeAll(async () => {
  bases = await freeBases();
  running = await startStack({ bases, dataDir });
});

afterAll(async () => {
  running.process.kill("SIGINT");
  if (running.process.exitCode === null) await once(running.process, "exit");
  rmSync(dataDir, { recursive: true, force: true });
});

const stack = () => stackOf(dataDir);
const redis = callRedis;
const control = (method: string, path: string, body?: unknown) =>
  callControl(stack(), method, path, body);
const sql = (query: string) => callSql(stack(), query);
const workerStatus = () => workerStatusOf(stack());

function everyRedis(): readonly StackRedis[] {
  const { main, nodes, shards } = stack().redis;
  return [main, ...nodes, ...shards.flatMap(({ primary, replicas }) => [primary, ...replicas])];
}

async function everyPid(): Promise<readonly number[]> {
  const { body } = await control("GET", "/processes");
  const { processes } = body as { processes: ProcessSnapshot[] };
  return processes.flatMap(({ pid, workerPid }) => [pid, workerPid]);
}

const isAlive = (pid: number) => identify(pid) !== null;

describe("a running stack", () => {
  it("tells everything about itself in stack.json, to its owner only", async ({ expect }) => {
    expect(statSync(join(dataDir, "stack.json")).mode & 0o777).toBe(0o600);
    expect(stack().pid).toBe(running.process.pid);
    expect(everyRedis().map(({ id }) => id)).toEqual([
      "main",
      ...["node-1", "node-2", "node-3", "node-4"],
      ...[1, 2, 3, 4].flatMap((n) => [`shard-${n}-primary`, `shard-${n}-replica-1`]),
    ]);
    expect(stack().redis.shards.map(({ id }) => id)).toEqual([
      "shard-1",
      "shard-2",
      "shard-3",
      "shard-4",
    ]);
    for (const one of everyRedis()) {
      expect(Object.keys(one).sort()).toEqual(["id", "pid", "port", "token", "url"]);
      expect(isAlive(one.pid)).toBe(true);
      expect(await redis(one, "PING")).toBe("PONG");
    }
    expect(await workerStatus()).toBe(200);
    expect(childrenOf(stack().pid)).not.toContain(stack().worker.pid);
    expect(isAlive(stack().worker.pid)).toBe(true);
    expect(await sql("SELECT 1")).toEqual([["1"]]);
  });

  it("replicates, and lags when it is told to", async ({ expect }) => {
    const [shard] = stack().redis.shards;
    const replica = shard?.replicas[0];
    if (shard === undefined || replica === undefined) throw new Error("there is no replica");
    await redis(shard.primary, "SET", "r", "1");
    await expect.poll(() => redis(replica, "GET", "r"), BACK_WITHIN).toBe("1");
    const lag = { target: replica.id, kind: "lag", delayMs: 60_000 };
    const { id } = (await control("POST", "/faults", lag)).body;
    await redis(shard.primary, "SET", "r", "2");
    await redis(shard.primary, "SET", "r", "3");
    expect(await redis(replica, "GET", "r")).toBe("1");
    expect((await control("DELETE", `/faults/${String(id)}`)).status).toBe(200);
    await expect.poll(() => redis(replica, "GET", "r"), BACK_WITHIN).toBe("3");
  });

  it("brings a killed Redis back with its data", async ({ expect }) => {
    const before = stack().redis.nodes[0];
    if (before === undefined) throw new Error("there is no node");
    await redis(before, "SET", "kept", "yes");
    process.kill(before.pid, "SIGKILL");
    await expect.poll(() => stack().redis.nodes[0]?.pid, BACK_WITHIN).not.toBe(before.pid);
    await expect.poll(() => redis(before, "GET", "kept"), BACK_WITHIN).toBe("yes");
  });

  it("brings the Worker back, whether its runtime dies or the process above it", async ({
    expect,
  }) => {
    const { pid: runtime } = stack().worker;
    process.kill(runtime, "SIGKILL");
    await expect.poll(() => stack().worker.pid, BACK_WITHIN).not.toBe(runtime);
    expect(await workerStatus()).toBe(200);
    const { pid: host } = (await control("GET", "/processes/worker"))
      .body as unknown as ProcessSnapshot;
    const { pid: second } = stack().worker;
    process.kill(host, "SIGKILL");
    await expect.poll(() => isAlive(second), BACK_WITHIN).toBe(false);
    await expect.poll(workerStatus, BACK_WITHIN).toBe(200);
    expect([runtime, second, host]).not.toContain(stack().worker.pid);
  });

  it("leaves a process down that is held", async ({ expect }) => {
    const [, node] = stack().redis.nodes;
    if (node === undefined) throw new Error("there is no node");
    expect(await control("POST", "/processes/node-2/kill", { hold: true })).toMatchObject({
      status: 200,
      body: { state: "held" },
    });
    expect(await redis(node, "PING")).toMatch(/^error: /);
    // Another one that dies meanwhile is brought back: the held one would have been, too.
    await control("POST", "/processes/node-3/kill");
    await expect.poll(() => redis({ ...node, ...stack().redis.nodes[2] }, "PING")).toBe("PONG");
    expect((await control("GET", "/processes/node-2")).body).toMatchObject({ state: "held" });
    expect((await control("POST", "/processes/node-2/start")).body).toMatchObject({ state: "up" });
    await expect.poll(() => redis(node, "PING"), BACK_WITHIN).toBe("PONG");
  });

  it("pauses, resumes and empties a process", async ({ expect }) => {
    const { main } = stack().redis;
    await redis(main, "SET", "wiped", "no");
    expect((await control("POST", "/processes/main/pause")).body).toMatchObject({
      state: "paused",
    });
    const waiting = redis(main, "GET", "wiped");
    expect((await control("POST", "/processes/main/resume")).body).toMatchObject({ state: "up" });
    await waiting;
    expect((await control("POST", "/processes/main/wipe")).body).toMatchObject({ state: "up" });
    await expect.poll(() => redis(main, "GET", "wiped"), BACK_WITHIN).toBeNull();
  });

  it("keeps a fault in force through a restart of the process that carries it out", async ({
    expect,
  }) => {
    const { main } = stack().redis;
    const spec = { target: "main", kind: "error", message: "ERR on purpose" };
    const { id } = (await control("POST", "/faults", spec)).body;
    expect(await redis(main, "PING")).toBe("error: ERR on purpose");
    expect((await control("GET", "/faults")).body).toMatchObject({ faults: [{ hits: 1 }] });
    await control("POST", "/processes/gateway/restart");
    expect(await redis(main, "PING")).toBe("error: ERR on purpose");
    expect((await control("DELETE", "/faults")).body).toEqual({ removed: 1 });
    expect(await redis(main, "PING")).toBe("PONG");
    expect((await control("DELETE", `/faults/${String(id)}`)).status).toBe(404);
  });

  it("forgets a fault that has hit as often as it may", async ({ expect }) => {
    const { main } = stack().redis;
    await control("POST", "/faults", { target: "main", kind: "error", count: 1 });
    expect(await redis(main, "PING")).toMatch(/^error: /);
    await control("POST", "/processes/gateway/kill");
    await control("POST", "/processes/gateway/start");
    expect(await redis(main, "PING")).toBe("PONG");
    expect((await control("GET", "/faults")).body).toEqual({ faults: [] });
    expect((await control("DELETE", "/faults")).body).toEqual({ removed: 0 });
    expect(await redis(main, "PING")).toBe("PONG");
  });

  it("counts requests by target", async ({ expect }) => {
    expect((await control("POST", "/counters/reset")).status).toBe(200);
    const { nodes } = stack().redis;
    if (nodes[0] !== undefined) await redis(nodes[0], "PING");
    await sql("SELECT 1");
    const { counters } = (await control("GET", "/counters")).body as {
      counters: Record<string, { requests: number }>;
    };
    expect(counters).toMatchObject({
      "node-1": { requests: 1, commands: 1 },
      "node-4": { requests: 0 },
      postgres: { requests: 1 },
    });
  });
});

describe("the control endpoint", () => {
  it.for([
    ["POST", "/faults", "{", 400, "not JSON"],
    ["POST", "/faults", { target: "nobody", kind: "error" }, 400, "node-1"],
    ["POST", "/faults", { target: "main", kind: "lag" }, 400, "shard-1-replica-1"],
    ["POST", "/faults", { target: "main", kind: "explode" }, 400, "kind"],
    ["PUT", "/faults", undefined, 405, "listed"],
    ["DELETE", "/faults/none", undefined, 404, "none"],
    ["GET", "/faults/one", undefined, 405, "deleted"],
    ["POST", "/processes/nobody/kill", undefined, 404, "node-1"],
    ["POST", "/processes/main/explode", undefined, 404, "wipe"],
    ["GET", "/processes/main/kill", undefined, 405, "posted"],
    ["POST", "/processes/main/kill", { held: true }, 400, "hold"],
    ["POST", "/processes/main/start", { hold: true }, 400, "no body"],
    ["POST", "/processes/main/resume", undefined, 409, "not paused"],
    ["POST", "/processes/gateway/wipe", undefined, 409, "no data"],
    ["POST", "/counters", undefined, 405, "reset"],
    ["GET", "/%ZZ", undefined, 400, "percent"],
    ["GET", "/nothing", undefined, 404, "/processes"],
  ] as const)(
    "answers %s %s %j with %i",
    async ([method, path, body, status, said], { expect }) => {
      const answer = await control(method, path, body);
      expect(answer.status).toBe(status);
      expect(answer.body).toMatchObject({ status, detail: expect.stringContaining(said) });
    },
  );

  it("refuses a body that is too large", async ({ expect }) => {
    expect((await control("POST", "/faults", " ".repeat(65_536))).status).toBe(400);
    expect((await control("POST", "/faults", " ".repeat(65_537))).status).toBe(413);
  });

  it("wants the key of the stack", async ({ expect }) => {
    const url = `${stack().faults.url}/processes`;
    expect((await fetch(url)).status).toBe(401);
    expect((await fetch(url, { headers: { authorization: "Bearer x" } })).status).toBe(401);
  });
});

describe("a second start", () => {
  it("on the same data folder says who runs, and disturbs nothing", async ({ expect }) => {
    const { code, output } = await runStart({ bases: await freeBases(), dataDir });
    expect(code).toBe(1);
    expect(output).toContain(`pid ${stack().pid}, ${stack().url}`);
    expect(await workerStatus()).toBe(200);
  });

  it("on a port in use names it and the option that moves it", async ({ expect }) => {
    const server = createServer();
    const free = await freeBases();
    await new Promise<void>((resolve) => server.listen(free.redisPort + 26, "127.0.0.1", resolve));
    const other = join(dataDir, "other");
    const { code, output } = await runStart({ bases: free, dataDir: other });
    await new Promise((resolve) => server.close(resolve));
    expect(code).toBe(1);
    expect(output).toContain(
      `Port ${free.redisPort + 26} (neon-http) is in use; --redis-port moves it.`,
    );
    expect(readdirSync(other)).toEqual([]);
  });
});

describe("the end of a stack", () => {
  it("by kill -9 is cleaned up by the next start, which finds key and data", async ({ expect }) => {
    const { key, redis: redisBefore } = stack();
    const pids = await everyPid();
    await redis(redisBefore.main, "SET", "survives", "yes");
    await sql("CREATE TABLE survivors AS SELECT 7 AS n");
    running.process.kill("SIGKILL");
    await once(running.process, "exit");
    expect(readStack(dataDir)).toBeNull();
    running = await startStack({ bases, dataDir });
    expect(pids.filter(isAlive)).toEqual([]);
    expect(running.output()).toContain("ended what a killed stack had left: ");
    expect(stack().key).toBe(key);
    expect(await redis(stack().redis.main, "GET", "survives")).toBe("yes");
    expect(await sql("SELECT n FROM survivors")).toEqual([["7"]]);
  });

  it("by Ctrl-C leaves no process and no stack.json, within 5 s", async ({ expect }) => {
    await control("POST", "/processes/node-1/pause");
    const pids = await everyPid();
    const startMs = performance.now();
    running.process.kill("SIGINT");
    running.process.kill("SIGINT");
    const [code] = (await once(running.process, "exit")) as [number];
    expect(performance.now() - startMs).toBeLessThan(STOPPED_WITHIN_MS);
    expect(code).toBe(0);
    expect(pids.filter(isAlive)).toEqual([]);
    for (const name of ["stack.json", "processes.json", "lock.json", "dev.vars"]) {
      expect(existsSync(join(dataDir, name))).toBe(false);
    }
  });
});
