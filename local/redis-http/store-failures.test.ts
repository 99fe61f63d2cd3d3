import { describe, it, onTestFinished } from "vitest";
import { startRedisServer } from "../testing/redis-server.ts";
import { type Fixture, NODE, startFixture } from "./fixture.ts";
import { startRedisHttp } from "./server.ts";
import { Store } from "./store.ts";

async function fixtureOf(): Promise<Fixture> {
  const fixture = await startFixture();
  onTestFinished(() => fixture.stop());
  return fixture;
}

/** Resolves once so many commands are on their way to Redis. */
async function sent({ http }: Fixture, commands: number): Promise<void> {
  while (http.counters()[NODE]?.commands !== commands) {
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** What becomes of it is known by then: either answered, or the answer is an error. */
const ANSWERED_WITHIN_MS = 1_000;

describe("redis-http without its Redis", () => {
  it("says at once that nothing was sent, in each form, and never hangs", async ({ expect }) => {
    const { command, ask, server } = await fixtureOf();
    await command("SET", "k", "1");
    await server.kill();
    const startedMs = performance.now();
    const pair = '[["SET","k","1"],["GET","k"]]';
    const answers = [
      await command("GET", "k"),
      await ask({ path: "/pipeline", body: pair }),
      await ask({ path: "/multi-exec", body: pair }),
      await ask({ body: '["PING"]', headers: { "upstash-response-format": "resp2" } }),
      await ask({ path: "/subscribe/c", headers: { accept: "text/event-stream" } }),
      await command("WAIT", 0, 0),
    ];
    expect(performance.now() - startedMs).toBeLessThan(ANSWERED_WITHIN_MS);
    for (const { status, json } of answers) {
      expect([status, json()]).toEqual([
        503,
        {
          error: expect.stringMatching(/^the Redis of this node is unreachable.*nothing was sent$/),
        },
      ]);
    }
  });

  it("serves again within a second of its return", async ({ expect }) => {
    const { command, server, redis } = await fixtureOf();
    redis.disconnect();
    await server.kill();
    expect((await command("PING")).status).toBe(503);
    const again = await startRedisServer({ port: server.port });
    onTestFinished(() => again.stop());
    const backMs = performance.now();
    while ((await command("PING")).status !== 200) {
      expect(performance.now() - backMs).toBeLessThan(1_000);
    }
  });

  it("says that a command may have been applied when its connection dies, and never sends it again", async ({
    expect,
  }) => {
    const fixture = await fixtureOf();
    const { command, ask, server, redis } = fixture;
    await command("PING");
    await ask({ body: '["PING"]', headers: { "upstash-response-format": "resp2" } });
    redis.disconnect();
    fixture.http.resetCounters();
    process.kill(server.pid, "SIGSTOP");
    const lost = Promise.all([
      command("INCR", "n"),
      ask({ path: "/pipeline", body: '[["INCR","n"]]' }),
      ask({ path: "/multi-exec", body: '[["INCR","n"]]' }),
      ask({ body: '["INCR","n"]', headers: { "upstash-response-format": "resp2" } }),
    ]);
    await sent(fixture, 4);
    await server.kill();
    for (const { status, json } of await lost) {
      expect([status, json()]).toEqual([
        502,
        { error: expect.stringMatching(/^the connection to Redis .* may have been applied$/) },
      ]);
    }
    const again = await startRedisServer({ port: server.port });
    onTestFinished(() => again.stop());
    while ((await command("PING")).status !== 200);
    expect((await command("GET", "n")).json()).toEqual({ result: null });
  });

  it("finishes what a paused Redis was asked once it goes on", async ({ expect }) => {
    const fixture = await fixtureOf();
    const { command, server } = fixture;
    fixture.http.resetCounters();
    process.kill(server.pid, "SIGSTOP");
    const paused = command("INCR", "n");
    await sent(fixture, 1);
    process.kill(server.pid, "SIGCONT");
    expect((await paused).json()).toEqual({ result: 1 });
  });

  it("gives up on a Redis that never answers, and the next command gets its own reply", async ({
    expect,
  }) => {
    const server = await startRedisServer();
    onTestFinished(() => server.stop());
    const store = new Store({ host: "127.0.0.1", port: server.port }, { replyWithinMs: 200 });
    onTestFinished(() => store.close());
    expect(await store.ready(2_000)).toBe(true);
    process.kill(server.pid, "SIGSTOP");
    await expect(store.send({ name: "INCR", args: ["n"] })).rejects.toMatchObject({
      failure: "slow",
    });
    process.kill(server.pid, "SIGCONT");
    expect(await store.send({ name: "INCR", args: ["n"] })).toBe("2");
  });

  it("starts before its Redis and serves once that is up", async ({ expect }) => {
    const reserved = await startRedisServer();
    await reserved.stop();
    const http = await startRedisHttp({
      nodes: [
        { id: "late", redis: { host: "127.0.0.1", port: reserved.port }, port: 0, token: "t" },
      ],
    });
    onTestFinished(() => http.close());
    expect(http.isReady("late")).toBe(false);
    const server = await startRedisServer({ port: reserved.port });
    onTestFinished(() => server.stop());
    const ping = () =>
      fetch(`${http.nodes.get("late")?.url}/ping`, { headers: { authorization: "Bearer t" } });
    while ((await ping()).status !== 200);
    expect(http.isReady("late")).toBe(true);
  });

  it("authenticates to a Redis with a password, and names the trouble when it is wrong", async ({
    expect,
  }) => {
    const server = await startRedisServer({ args: ["--requirepass", "secret word/?#"] });
    onTestFinished(() => server.stop());
    const { port } = server;
    const url = `redis://:${encodeURIComponent("secret word/?#")}@127.0.0.1:${port}/3`;
    const http = await startRedisHttp({
      nodes: [
        {
          id: "parts",
          redis: { host: "127.0.0.1", port, password: "secret word/?#" },
          port: 0,
          token: "t",
        },
        { id: "url", redis: { url }, port: 0, token: "t" },
        { id: "wrong", redis: { host: "127.0.0.1", port, password: "guess" }, port: 0, token: "t" },
      ],
    });
    onTestFinished(() => http.close());
    const ask = async (id: string, path: string) => {
      const headers = { authorization: "Bearer t" };
      const response = await fetch(`${http.nodes.get(id)?.url}${path}`, { headers });
      return { status: response.status, text: await response.text() };
    };
    expect(await ask("parts", "/set/k/0")).toMatchObject({ status: 200 });
    expect(await ask("url", "/get/k")).toEqual({ status: 200, text: '{"result":null}' });
    const wrong = await ask("wrong", "/get/k");
    expect(wrong.status).toBe(503);
    expect(wrong.text).toContain("WRONGPASS");
    expect(wrong.text).not.toContain("guess");
  });

  it("names the port that is in use and leaves nothing open", async ({ expect }) => {
    const { server, http } = await fixtureOf();
    const redis = { host: "127.0.0.1", port: server.port };
    const port = http.nodes.get("main")?.port ?? 0;
    await expect(
      startRedisHttp({
        nodes: [
          { id: "a", redis, port: 0, token: "t" },
          { id: "b", redis, port, token: "t" },
        ],
      }),
    ).rejects.toMatchObject({ code: "EADDRINUSE", port });
  });
});

describe("redis-http on a replica", () => {
  it("runs flagged read-only scripts there, and refuses writes", async ({ expect }) => {
    const { server, redis, command: onPrimary } = await fixtureOf();
    await redis.config("SET", "repl-diskless-sync-delay", "0");
    const replica = await startRedisServer({
      args: ["--replicaof", "127.0.0.1", `${server.port}`],
    });
    onTestFinished(() => replica.stop());
    const http = await startRedisHttp({
      nodes: [{ id: "r", redis: { host: "127.0.0.1", port: replica.port }, port: 0, token: "t" }],
    });
    onTestFinished(() => http.close());
    const run = async (...command: unknown[]) => {
      const response = await fetch(http.nodes.get("r")?.url ?? "", {
        method: "POST",
        headers: { authorization: "Bearer t" },
        body: JSON.stringify(command),
      });
      return (await response.json()) as unknown;
    };
    await onPrimary("MSET", "a", "1", "b", "2");
    const flags = "#!lua flags=no-writes,allow-key-locking\n";
    const script = `${flags}return redis.call('M' .. 'GET', KEYS[1], KEYS[2])`;
    const expected = JSON.stringify({ result: ["1", "2"] });
    while (JSON.stringify(await run("EVAL_RO", script, 2, "a", "b")) !== expected);
    expect(await run("EVAL_RO", script, 2, "a", "b")).toEqual({ result: ["1", "2"] });
    expect(await run("EVAL_RO", `${flags}return redis.call('GET','c')`, 1, "a")).toEqual({
      error: expect.stringMatching(/^ERR Dynamic keys are not allowed/),
    });
    expect(await run("SET", "a", "2")).toEqual({
      error: "READONLY You can't write against a read only replica.",
    });
  });
});
