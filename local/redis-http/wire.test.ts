import { connect } from "node:net";
import { afterAll, beforeAll, beforeEach, describe, it } from "vitest";
import { type Fixture, READ_ONLY_TOKEN, startFixture } from "./fixture.ts";

/** What real clients broke on when an emulator got it wrong. */
describe("redis-http on the wire", () => {
  let fixture: Fixture;
  beforeAll(async () => {
    fixture = await startFixture();
  });
  afterAll(() => fixture.stop());
  beforeEach(async () => {
    await fixture.redis.flushall();
  });

  const BASE64 = { "upstash-encoding": "base64" };
  const base64 = (text: string) => Buffer.from(text).toString("base64");
  const pipeline = (commands: unknown, headers: Record<string, string> = {}) =>
    fixture.ask({ path: "/pipeline", body: JSON.stringify(commands), headers });
  const transaction = (commands: unknown, headers: Record<string, string> = {}) =>
    fixture.ask({ path: "/multi-exec", body: JSON.stringify(commands), headers });

  describe("pipelines", () => {
    it("answers 200 with one slot a command, and a command that fails fails alone", async ({
      expect,
    }) => {
      const answer = await pipeline([
        ["SET", "a", "1"],
        ["LPUSH", "a", "x"],
        ["noSuch"],
        ["BLPOP", "a", 0],
        ["EVALSHA", "0000000000000000000000000000000000000000", 0],
        ["INCR", "a"],
      ]);
      expect(answer.status).toBe(200);
      expect(answer.json()).toEqual([
        { result: "OK" },
        { error: "WRONGTYPE Operation against a key holding the wrong kind of value" },
        { error: expect.stringMatching(/^ERR unknown command 'noSuch'/) },
        { error: expect.stringMatching(/^ERR Command is not available: 'BLPOP'/) },
        { error: "NOSCRIPT No matching script. Please use EVAL." },
        { result: 2 },
      ]);
    });

    it("runs 1,000 commands in order", async ({ expect }) => {
      const answer = await pipeline(Array.from({ length: 1_000 }, () => ["INCR", "n"]));
      expect(answer.json()).toEqual(
        Array.from({ length: 1_000 }, (_, index) => ({ result: index + 1 })),
      );
    });

    it("refuses a body that is no list of commands, with nothing applied", async ({ expect }) => {
      const wrong: readonly [string, string][] = [
        ["", "EOF"],
        ["[", "ERR failed to parse pipeline request"],
        ['{"a":1}', "ERR failed to parse pipeline request"],
        ["[]", "ERR empty pipeline request"],
        ['["SET","a","1"]', "expected JSON array"],
        ['[["SET","a","1"],[]]', "ERR empty command"],
        ['[["SET","a","1"],["SET","b",null]]', "ERR null args are not supported"],
        ['[["SET","a",{"b":1}]]', 'ERR unsupported arg type: "{": json.Delim'],
        ['[["SET","a",[1]]]', 'ERR unsupported arg type: "[": json.Delim'],
        [
          `[${'["SET","a","1"],'.repeat(100_000)}["PING"]]`,
          "ERR at most 100000 commands in one request",
        ],
      ];
      for (const [body, error] of wrong) {
        const answer = await fixture.ask({ path: "/pipeline", body });
        expect([body, answer.status, answer.json()]).toEqual([body, 400, { error }]);
      }
      expect(await fixture.redis.dbsize()).toBe(0);
    });
  });

  describe("transactions", () => {
    it("keeps what succeeded when a command fails while running", async ({ expect }) => {
      const answer = await transaction([
        ["SET", "a", "1"],
        ["LPUSH", "a", "x"],
        ["INCR", "a"],
      ]);
      expect(answer.status).toBe(200);
      expect(answer.json()).toEqual([
        { result: "OK" },
        { error: "WRONGTYPE Operation against a key holding the wrong kind of value" },
        { result: 2 },
      ]);
    });

    it("applies nothing when a command is refused at queueing", async ({ expect }) => {
      const answer = await transaction([["SET", "a", "1"], ["GET"]]);
      expect(answer.status).toBe(400);
      expect(answer.json()).toEqual({
        error: "EXECABORT Transaction discarded because of previous errors.",
      });
      expect(await fixture.redis.get("a")).toBeNull();
    });

    it("applies nothing when a command is not available", async ({ expect }) => {
      const answer = await transaction([
        ["SET", "a", "1"],
        ["WATCH", "a"],
      ]);
      expect(answer.status).toBe(400);
      expect(answer.json()).toEqual({
        error: expect.stringMatching(/^ERR Command is not available: 'WATCH'/),
      });
      expect(await fixture.redis.get("a")).toBeNull();
    });

    it("never mixes concurrent transactions and commands", async ({ expect }) => {
      const answers = await Promise.all(
        Array.from({ length: 60 }, (_, index) =>
          index % 3 === 2
            ? fixture.command("INCR", "shared")
            : transaction(Array.from({ length: 20 }, () => ["INCR", "shared"])),
        ),
      );
      const seen: number[] = [];
      for (const answer of answers) {
        const json = answer.json() as { result: number } | { result: number }[];
        const counts = [json].flat().map(({ result }) => result);
        counts.forEach((count, index) => {
          expect(count).toBe((counts[0] ?? 0) + index);
        });
        seen.push(...counts);
      }
      expect(seen.sort((a, b) => a - b)).toEqual(
        Array.from({ length: 40 * 20 + 20 }, (_, index) => index + 1),
      );
    });
  });

  describe("replies", () => {
    it("encodes every string at every depth in base64, but for a bare OK", async ({ expect }) => {
      await fixture.redis.hset("h", "field", "value");
      await fixture.redis.xadd("s", "1-1", "f", "v");
      const answer = await pipeline(
        [
          ["SET", "a", "b"],
          ["GET", "a"],
          ["PING"],
          ["TYPE", "a"],
          ["HGETALL", "h"],
          ["XRANGE", "s", "-", "+"],
          ["SCAN", 0, "MATCH", "a"],
          ["EVAL", "return redis.status_reply('FINE')", 0],
          ["EVAL", "return {redis.status_reply('OK'),{'OK',1,false}}", 0],
          ["GET", "none"],
          ["LPUSH", "a", "x"],
        ],
        BASE64,
      );
      expect(answer.json()).toEqual([
        { result: "OK" },
        { result: base64("b") },
        { result: base64("PONG") },
        { result: base64("string") },
        { result: [base64("field"), base64("value")] },
        { result: [[base64("1-1"), [base64("f"), base64("v")]]] },
        { result: [base64("0"), [base64("a")]] },
        { result: base64("FINE") },
        { result: [base64("OK"), [base64("OK"), 1, null]] },
        { result: null },
        { error: "WRONGTYPE Operation against a key holding the wrong kind of value" },
      ]);
    });

    it("leaves strings plain without the header", async ({ expect }) => {
      await fixture.redis.set("a", "grüße");
      expect((await fixture.command("GET", "a")).json()).toEqual({ result: "grüße" });
    });

    it("makes integers JSON numbers with all their digits, and never bulk strings", async ({
      expect,
    }) => {
      await fixture.redis.set("big", "9223372036854775806");
      expect((await fixture.command("INCR", "big")).text).toBe('{"result":9223372036854775807}');
      await fixture.redis.set("digits", "101600000000150081467");
      expect((await fixture.command("GET", "digits")).json()).toEqual({
        result: "101600000000150081467",
      });
      expect((await fixture.command("SCAN", 0)).json()).toEqual({
        result: ["0", expect.any(Array)],
      });
    });

    it("gives flat arrays, as RESP2 does", async ({ expect }) => {
      await fixture.redis.zadd("z", 1.5, "m");
      await fixture.redis.hset("h", "f", "v");
      await fixture.redis.xadd("s", "1-1", "f", "v");
      const answers = await pipeline([
        ["ZRANGE", "z", 0, -1, "WITHSCORES"],
        ["CONFIG", "GET", "databases"],
        ["HGETALL", "none"],
        ["hgetall", "h"],
        ["XINFO", "STREAM", "s"],
      ]);
      expect(answers.json()).toEqual([
        { result: ["m", "1.5"] },
        { result: ["databases", "16"] },
        { result: [] },
        { result: ["f", "v"] },
        { result: expect.arrayContaining(["length", 1, "last-generated-id", "1-1"]) },
      ]);
    });

    it("answers a single failed command with 400 and Redis's words alone", async ({ expect }) => {
      const answer = await fixture.command("EVALSHA", "f".repeat(40), 0);
      expect(answer.status).toBe(400);
      expect(answer.json()).toEqual({ error: "NOSCRIPT No matching script. Please use EVAL." });
    });
  });

  describe("the sync token", () => {
    it("is new with every kind of answer, whatever was sent", async ({ expect }) => {
      const tokens = await Promise.all([
        fixture.command("SET", "a", "1"),
        fixture.command("EVAL", "return 1", 0),
        fixture.ask({
          body: '["GET","a"]',
          headers: { "upstash-sync-token": "" },
        }),
        fixture.ask({ body: '["GET","a"]', headers: { "upstash-sync-token": "from-elsewhere" } }),
        pipeline([["GET", "a"]]),
        transaction([["GET", "a"]]),
      ]);
      const values = tokens.map(({ headers }) => headers.get("upstash-sync-token"));
      expect(values).not.toContain(null);
      expect(new Set(values).size).toBe(6);
      expect(tokens.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200, 200]);
    });
  });

  describe("tokens", () => {
    it("refuses a wrong or missing token with 401 and JSON, with nothing applied", async ({
      expect,
    }) => {
      for (const token of ["", "wrong"]) {
        const answer = await fixture.ask({ token, body: '["SET","a","1"]' });
        expect(answer.status).toBe(401);
        expect(answer.json()).toEqual({
          error: expect.stringMatching(/^WRONGPASS invalid or missing auth token/),
        });
      }
      expect(await fixture.redis.get("a")).toBeNull();
    });

    it("takes the token from the query, and then it is no argument", async ({ expect }) => {
      const answer = await fixture.ask({
        token: "",
        path: "/set/a/1?_token=standard-token&EX=100",
        method: "GET",
      });
      expect(answer.json()).toEqual({ result: "OK" });
      expect(await fixture.redis.ttl("a")).toBeGreaterThan(90);
    });

    it("lets the read-only token read, but not write, scan, or run scripts that may write", async ({
      expect,
    }) => {
      const readOnly = (...command: unknown[]) =>
        fixture.ask({ token: READ_ONLY_TOKEN, body: JSON.stringify(command) });
      await fixture.redis.set("a", "1");
      expect((await readOnly("GET", "a")).json()).toEqual({ result: "1" });
      expect((await readOnly("EVAL_RO", "return redis.call('GET','a')", 0)).json()).toEqual({
        result: "1",
      });
      for (const denied of [
        ["SET", "a", "2"],
        ["SCAN", "0"],
        ["KEYS", "*"],
        ["EVAL", "return 1", "0"],
        ["PUBLISH", "c", "m"],
        ["FLUSHALL"],
        ["INFO"],
      ]) {
        const answer = await readOnly(...denied);
        const name = denied[0]?.toLowerCase();
        expect([answer.status, answer.json()]).toEqual([
          400,
          {
            error: `NOPERM this user has no permissions to run the '${name}' command or its subcommand`,
          },
        ]);
      }
      expect(await fixture.redis.get("a")).toBe("1");
    });

    it("denies inside a pipeline one slot, and a transaction as a whole", async ({ expect }) => {
      const body = JSON.stringify([
        ["GET", "a"],
        ["SET", "a", "2"],
      ]);
      const token = READ_ONLY_TOKEN;
      const slots = await fixture.ask({ token, path: "/pipeline", body });
      expect(slots.json()).toEqual([{ result: null }, { error: expect.stringMatching(/^NOPERM/) }]);
      const whole = await fixture.ask({ token, path: "/multi-exec", body });
      expect(whole.json()).toEqual({ error: expect.stringMatching(/^NOPERM/) });
      expect(whole.status).toBe(400);
    });
  });

  describe("the path form", () => {
    it("takes a command from the path with each method", async ({ expect }) => {
      for (const method of ["GET", "POST", "PUT"]) {
        const answer = await fixture.ask({ method, path: `/set/a%2Fb/${method}/EX/100` });
        expect(answer.json()).toEqual({ result: "OK" });
        expect(await fixture.redis.get("a/b")).toBe(method);
      }
      const head = await fixture.ask({ method: "HEAD", path: "/incr/n" });
      expect([head.status, head.text]).toEqual([200, ""]);
      expect(await fixture.redis.get("n")).toBe("1");
    });

    it("puts the body behind the path and the query behind the body", async ({ expect }) => {
      const answer = await fixture.ask({ path: "/set/a?EX=100&NX", body: "va lue" });
      expect(answer.json()).toEqual({ result: "OK" });
      expect(await fixture.redis.get("a")).toBe("va lue");
      expect(await fixture.redis.ttl("a")).toBeGreaterThan(90);
      expect((await fixture.ask({ path: "/set/a?NX", body: "other" })).json()).toEqual({
        result: null,
      });
    });

    it("refuses broken percent-encoding with 400", async ({ expect }) => {
      const answer = await fixture.ask({ method: "GET", path: "/set/a/%zz" });
      expect([answer.status, answer.json()]).toEqual([
        400,
        { error: "ERR the URL has broken percent-encoding" },
      ]);
    });
  });

  describe("requests", () => {
    it("answers 405 with JSON to other methods", async ({ expect }) => {
      for (const method of ["DELETE", "PATCH"]) {
        const answer = await fixture.ask({ method, path: "/get/a" });
        expect([answer.status, answer.json()]).toEqual([
          405,
          { error: expect.stringMatching(/^ERR method not allowed/) },
        ]);
      }
    });

    it("asks for no content type", async ({ expect }) => {
      for (const type of ["text/plain", "application/x-www-form-urlencoded", "application/json"]) {
        const answer = await fixture.ask({
          body: '["ECHO","hi"]',
          headers: { "content-type": type },
        });
        expect(answer.json()).toEqual({ result: "hi" });
      }
    });

    it("turns numbers and booleans into strings, as they were written", async ({ expect }) => {
      const body = '["RPUSH","l",1,1.10,true,false,9007199254740993,-0.0,1e3]';
      expect((await fixture.ask({ body })).json()).toEqual({ result: 7 });
      expect(await fixture.redis.lrange("l", 0, -1)).toEqual([
        "1",
        "1.10",
        "true",
        "false",
        "9007199254740993",
        "-0.0",
        "1e3",
      ]);
    });

    it("refuses blocking commands at once", async ({ expect }) => {
      for (const command of [
        ["BLPOP", "l", "0"],
        ["BLMOVE", "a", "b", "LEFT", "LEFT", "0"],
        ["BZPOPMIN", "z", "0"],
        ["XREAD", "BLOCK", "0", "STREAMS", "s", "$"],
        ["XREADGROUP", "GROUP", "g", "c", "COUNT", "1", "BLOCK", "0", "STREAMS", "s", ">"],
        ["SUBSCRIBE", "c"],
        ["MULTI"],
        ["SELECT", "1"],
        ["CLIENT", "KILL", "TYPE", "normal"],
        ["SHUTDOWN"],
        ["CONFIG", "SET", "maxmemory", "1"],
      ]) {
        const answer = await fixture.command(...command);
        expect([answer.status, answer.json()]).toEqual([
          400,
          { error: expect.stringMatching(/^ERR Command is not available: '/) },
        ]);
      }
    });

    it("reads a stream whose key is called block", async ({ expect }) => {
      await fixture.redis.xadd("block", "1-1", "f", "v");
      const answer = await fixture.command("XREAD", "STREAMS", "block", "0");
      expect(answer.json()).toEqual({ result: [["block", [["1-1", ["f", "v"]]]]] });
    });

    it("does not let WAIT hold up the others", async ({ expect }) => {
      const waiting = fixture.command("WAIT", 1, 400);
      const startedMs = performance.now();
      expect((await fixture.command("PING")).json()).toEqual({ result: "PONG" });
      expect(performance.now() - startedMs).toBeLessThan(300);
      expect((await waiting).json()).toEqual({ result: 0 });
    });

    it("refuses a body over 10 MiB in Upstash's words, announced or not", async ({ expect }) => {
      const limit = 10 * 1024 * 1024;
      const fits = await fixture.ask({ path: "/set/a", body: "x".repeat(limit) });
      expect(fits.json()).toEqual({ result: "OK" });
      const answer = await fixture.ask({ path: "/set/a", body: "x".repeat(limit + 1) });
      expect([answer.status, answer.json()]).toEqual([
        413,
        {
          error: `ERR max request size exceeded. Limit: ${limit} bytes, Actual: ${limit + 1} bytes`,
        },
      ]);
      expect(await fixture.redis.strlen("a")).toBe(limit);
    });

    it("keeps an idle connection for more than a minute", async ({ expect }) => {
      const answer = await fixture.command("PING");
      const seconds = Number(/timeout=(\d+)/.exec(answer.headers.get("keep-alive") ?? "")?.[1]);
      expect(seconds).toBeGreaterThan(60);
    });

    it("answers requests that come in one packet, in order", async ({ expect }) => {
      const { port } = new URL(fixture.url);
      const socket = connect(Number(port), "127.0.0.1");
      const one = (path: string) =>
        `GET ${path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer standard-token\r\n\r\n`;
      socket.write(one("/incr/n") + one("/incr/n") + one("/get/n"));
      let text = "";
      for await (const chunk of socket) {
        text += String(chunk);
        if (text.includes('{"result":"2"}')) break;
      }
      expect(text.match(/\{"result":[^}]*\}/g)).toEqual([
        '{"result":1}',
        '{"result":2}',
        '{"result":"2"}',
      ]);
    });
  });

  describe("the RESP2 format", () => {
    const RESP2 = { "upstash-response-format": "resp2" };

    it("gives Redis's own bytes", async ({ expect }) => {
      await fixture.redis.set("a", "OK");
      const answer = await pipeline(
        [
          ["SET", "b", "1"],
          ["GET", "a"],
          ["GET", "none"],
          ["LPOP", "none", "1"],
          ["INCR", "b"],
          ["LPUSH", "a", "x"],
          ["EVAL", "return {1,{'x',false}}", 0],
          ["BLPOP", "a", 0],
        ],
        RESP2,
      );
      expect(answer.headers.get("content-type")).toBe("application/octet-stream");
      expect(answer.text).toBe(
        [
          "+OK\r\n",
          "$2\r\nOK\r\n",
          "$-1\r\n",
          "*-1\r\n",
          ":2\r\n",
          "-WRONGTYPE Operation against a key holding the wrong kind of value\r\n",
          "*2\r\n:1\r\n*2\r\n$1\r\nx\r\n$-1\r\n",
          "-ERR Command is not available: 'BLPOP'. See https://upstash.com/docs/redis/overall/rediscompatibility for details\r\n",
        ].join(""),
      );
    });

    it("answers a failed command with 400", async ({ expect }) => {
      const answer = await fixture.ask({ body: '["NOSUCH"]', headers: RESP2 });
      expect(answer.status).toBe(400);
      expect(answer.text).toMatch(/^-ERR unknown command/);
    });

    it("does not go with base64, with transactions, or with other names", async ({ expect }) => {
      const body = '["PING"]';
      for (const asked of [
        { body, headers: { ...RESP2, ...BASE64 } },
        { body: `[${body}]`, path: "/multi-exec", headers: RESP2 },
        { body, headers: { "upstash-response-format": "resp3" } },
        { body, headers: { "upstash-encoding": "hex" } },
      ]) {
        const answer = await fixture.ask(asked);
        expect([answer.status, answer.json()]).toEqual([
          400,
          { error: expect.stringMatching(/^ERR /) },
        ]);
      }
    });
  });

  describe("browsers", () => {
    it("may call from any origin, as with Upstash", async ({ expect }) => {
      const origin = "http://localhost:3000";
      const preflight = await fixture.ask({
        method: "OPTIONS",
        token: "",
        headers: { origin, "access-control-request-headers": "authorization" },
      });
      expect(preflight.status).toBe(200);
      expect(preflight.headers.get("access-control-allow-headers")).toBe("authorization");
      const answer = await fixture.ask({ body: '["PING"]', headers: { origin } });
      expect(answer.headers.get("access-control-allow-origin")).toBe(origin);
    });
  });

  describe("counters", () => {
    it("count requests, commands and scripts, and can be reset", async ({ expect }) => {
      fixture.http.resetCounters();
      await fixture.command("GET", "a");
      await pipeline([
        ["SET", "a", "1"],
        ["EVAL", "return redis.call('GET','a')", 0],
        ["BLPOP", "a", 0],
      ]);
      await transaction([
        ["GET", "a"],
        ["GET", "b"],
      ]);
      await fixture.ask({ token: "wrong", body: '["GET","a"]' });
      expect(fixture.http.counters()).toEqual({
        main: { requests: 4, commands: 5, scripts: 1 },
      });
      fixture.http.resetCounters();
      expect(fixture.http.counters()).toEqual({
        main: { requests: 0, commands: 0, scripts: 0 },
      });
    });
  });
});
