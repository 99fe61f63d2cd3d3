import { afterAll, beforeAll, beforeEach, describe, it } from "vitest";
import { type Fixture, startFixture } from "./fixture.ts";

describe("replies of redis-http", () => {
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
  const transaction = (commands: unknown) =>
    fixture.ask({ path: "/multi-exec", body: JSON.stringify(commands) });

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
});
