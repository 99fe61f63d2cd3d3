import { createHash } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, it } from "vitest";
import { type Fixture, startFixture } from "./fixture.ts";

const FLAGGED = "#!lua flags=allow-key-locking\n";
const sha1 = (text: string) => createHash("sha1").update(text).digest("hex");
const undeclared = (key: string) =>
  `ERR Dynamic keys are not allowed in Lua scripts when 'allow-key-locking' flag is set. Key was: ${key}`;

describe("the guard of declared keys", () => {
  let fixture: Fixture;
  beforeAll(async () => {
    fixture = await startFixture();
  });
  afterAll(() => fixture.stop());
  beforeEach(async () => {
    await fixture.redis.flushall();
    await fixture.redis.script("FLUSH");
  });

  const run = async (...command: readonly unknown[]) => (await fixture.command(...command)).json();
  const result = (value: unknown) => ({ result: value });
  const error = (text: string) => ({ error: text });

  describe("undeclared keys", () => {
    const refuses: readonly [string, string][] = [
      ["return redis.call('GET', 'other')", "other"],
      ["redis.call('set', ARGV[1], '1')", "arg"],
      ["return redis.call('MSET', KEYS[1], 1, 'second', 2)", "second"],
      ["return redis.call('DEL', KEYS[1], KEYS[1], 'last')", "last"],
      ["local name = 'G' .. 'ET' return redis.call(name, 'dynamic')", "dynamic"],
      ["return redis.call('ZUNIONSTORE', KEYS[1], 2, KEYS[1], 'source')", "source"],
      ["return redis.call('XREAD', 'STREAMS', 'stream', '0')", "stream"],
      ["return redis.call('XINFO', 'STREAM', 'stream')", "stream"],
      ["return redis.call('GeT', 'mixed-case')", "mixed-case"],
      ["return redis.call('GET', 12)", "12"],
      ["local call = redis.call return call('GET', 'aliased')", "aliased"],
      ["local r = redis return r.call('GET', 'aliased')", "aliased"],
      ["KEYS[2] = 'added' return redis.call('GET', 'added')", "added"],
    ];
    for (const [body, key] of refuses) {
      it(`are refused: ${body}`, async ({ expect }) => {
        expect(await run("EVAL", FLAGGED + body, 1, "declared", "arg")).toEqual(
          error(undeclared(key)),
        );
        expect(await fixture.redis.exists(key)).toBe(0);
        expect(await run("EVALSHA", sha1(FLAGGED + body), 1, "declared", "arg")).toEqual(
          error(undeclared(key)),
        );
      });
    }

    it("are told to redis.pcall and to Lua's pcall as any other error", async ({ expect }) => {
      const script = `${FLAGGED}
        local reply = redis.pcall('GET', 'a')
        local ok, text = pcall(redis.call, 'GET', 'b')
        return {reply.err, tostring(ok), text}`;
      expect(await run("EVAL", script, 0)).toEqual(
        result([undeclared("a"), "false", undeclared("b")]),
      );
    });

    it("are allowed when computed but declared, and without the flag", async ({ expect }) => {
      const computed = `${FLAGGED}return redis.call('SET', 'a' .. ARGV[1], '1')`;
      expect(await run("EVAL", computed, 1, "ab", "b")).toEqual(result("OK"));
      expect(await run("EVAL", "#!lua\nreturn redis.call('GET','ab')", 0)).toEqual(result("1"));
      expect(await run("EVAL", "return redis.call('GET','ab')", 0)).toEqual(result("1"));
    });

    it("do not stop commands without keys", async ({ expect }) => {
      const script = `${FLAGGED}
        local time = redis.call('TIME')
        return {#time, redis.call('PING'), redis.call('ECHO', 'x'), redis.sha1hex('')}`;
      expect(await run("EVAL", script, 0)).toEqual(
        result([2, "PONG", "x", "da39a3ee5e6b4b0d3255bfef95601890afd80709"]),
      );
    });

    it("include the whole database for FLUSHALL and FLUSHDB", async ({ expect }) => {
      await fixture.redis.set("k", "1");
      for (const name of ["FLUSHALL", "flushdb"]) {
        const script = `${FLAGGED}return redis.call('${name}')`;
        expect(await run("EVAL", script, 0)).toEqual(
          error(
            `ERR Command '${name.toUpperCase()}' is not allowed in Lua scripts when 'allow-key-locking' flag is set`,
          ),
        );
      }
      expect(await fixture.redis.exists("k")).toBe(1);
    });

    it("are found again after many declared ones", async ({ expect }) => {
      const keys = Array.from({ length: 2_000 }, (_, index) => `k${index}`);
      const script = `${FLAGGED}redis.call('DEL', unpack(KEYS)) return redis.call('GET', 'k2000')`;
      expect(await run("EVAL", script, keys.length, ...keys)).toEqual(error(undeclared("k2000")));
    });
  });

  describe("with the guard", () => {
    const bodies = [
      "return redis.call('SET', KEYS[1], ARGV[1])",
      "return redis.call('LPUSH', KEYS[2], 1)",
      "\n\nlocal x = 1\nlocal y = redis.call('LPUSH', KEYS[2], 1)\nreturn y",
      "local t = {\n1,\nredis.call('LPUSH', KEYS[2], 1)\n}\nreturn t",
      "return redis.pcall('LPUSH', KEYS[2], 1)",
      "return redis.pcall('LPUSH', KEYS[2], 1)['err']",
      "local ok, e = pcall(redis.call, 'LPUSH', KEYS[2], 1)\nreturn {tostring(ok), e}",
      "local ok, e = pcall(function() return redis.call('LPUSH', KEYS[2], 1) end)\nreturn {tostring(ok), tostring(e)}",
      "return redis.call('NOSUCH', KEYS[1])",
      "return redis.call('GET')",
      "return redis.call()",
      "return redis.pcall()",
      "return redis.call(nil)",
      "return redis.call({})",
      "return redis.call('SET', KEYS[1], 1.5)",
      "return redis.call('SET', KEYS[1], 12345678901234567890)",
      "return redis.call('GET', KEYS[1]) or 'none'",
      "return redis.call('EXISTS', KEYS[1]) == 1 and 'yes' or 'no'",
      "return redis.call('GET', KEYS[2]) .. '!', 2",
      "return redis.call('INCR', KEYS[1]) + 1",
      "return {redis.call('SET', KEYS[1], 'x'), redis.call('GET', KEYS[1]), redis.call('GET', KEYS[3])}",
      "return redis.call('HGETALL', KEYS[3])",
      "redis.setresp(3) redis.call('HSET', KEYS[3], 'a', 1) return redis.call('HGETALL', KEYS[3])",
      "redis.setresp(3) return redis.call('ZINCRBY', KEYS[4], 1.5, 'm')",
      "return redis.error_reply('MINE it is')",
      "return redis.status_reply('FINE')",
      "return {err='MINE it is'}",
      "error('thrown')",
      "error({err='MINE thrown'})",
      "\nerror({err='MINE thrown'}, 2)",
      "return nothing",
      "nothing = 1",
      "return #",
      "\n\nlocal x = = 2",
      "local function f(k)\n  return redis.call('LPUSH', k, 1)\nend\nreturn f(KEYS[2])",
      "local s = 'return redis.call' return s",
      'local s = [[\nreturn redis.call("x")\n]] return s',
      "-- return redis.call\n--[[ return redis.call ]] return 'commented'",
      "local s = 'it\\'s return redis.call(' return s",
      "return cjson.encode({redis.call('GET', KEYS[2]), redis.REDIS_VERSION ~= nil})",
      "return redis.replicate_commands()",
      "return redis.call('GET', KEYS[2]), redis.call('LPUSH', KEYS[2], 1)",
      'local f = loadstring("return redis") return type(f)',
      "if redis.call('SETNX', KEYS[1], '1') == 1 then return redis.call('PTTL', KEYS[1]) end",
      "for i = 1, 3 do redis.call('RPUSH', KEYS[3], i) end return redis.call('LRANGE', KEYS[3], 0, -1)",
      "return redis.call('SORT', KEYS[3], 'BY', 'nosort')",
      "return redis.call('OBJECT', 'ENCODING', KEYS[2])",
      "return redis.call('XADD', KEYS[3], '1-1', 'f', 'v')",
      "local t = redis.call('TIME') return #t",
      "return tostring(redis.call('EXPIRE', KEYS[2], 10)):rep(3)",
      "return redis.acl_check_cmd('GET', KEYS[1])",
    ];
    const keys = ["k1", "text", "k3", "k4"];

    for (const body of bodies) {
      it(`a script answers as without it: ${JSON.stringify(body)}`, async ({ expect }) => {
        const answers: string[] = [];
        for (const head of ["#!lua\n", FLAGGED]) {
          await fixture.redis.flushall();
          await fixture.redis.set("text", "value");
          const { text } = await fixture.command("EVAL", head + body, keys.length, ...keys, "arg");
          answers.push(text.replaceAll(sha1(head + body), "<sha>"));
        }
        expect(answers[1]).toBe(answers[0]);
      });
    }

    it("an aliased call in tail position keeps its error but not its line", async ({ expect }) => {
      await fixture.redis.set("text", "value");
      const script = `${FLAGGED}local call = redis.call return call('LPUSH', KEYS[1], 1)`;
      expect(await run("EVAL", script, 1, "text")).toEqual(
        error("WRONGTYPE Operation against a key holding the wrong kind of value"),
      );
    });
  });
});
