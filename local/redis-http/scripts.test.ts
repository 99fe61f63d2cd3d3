import { createHash } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, it } from "vitest";
import { type Fixture, startFixture } from "./fixture.ts";
import { SCRIPTS_MAX } from "./script-translator.ts";

const FLAGGED = "#!lua flags=allow-key-locking\n";
const sha1 = (text: string) => createHash("sha1").update(text).digest("hex");
const undeclared = (key: string) =>
  `ERR Dynamic keys are not allowed in Lua scripts when 'allow-key-locking' flag is set. Key was: ${key}`;

describe("scripts through redis-http", () => {
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

  describe("the flag allow-key-locking", () => {
    it("is taken out alone: no-writes stays in force", async ({ expect }) => {
      const writes =
        "#!lua flags=no-writes,allow-key-locking\nreturn redis.call('SET',KEYS[1],'1')";
      expect(await run("EVAL", writes, 1, "k")).toEqual(
        error(
          `ERR Write commands are not allowed from read-only scripts. script: ${sha1(writes)}, on @user_script:2.`,
        ),
      );
      const reads = "#!lua flags=allow-key-locking,no-writes\nreturn redis.call('GET',KEYS[1])";
      expect(await run("EVAL_RO", reads, 1, "k")).toEqual(result(null));
      const unflagged = `${FLAGGED}return 1`;
      expect(await run("EVAL_RO", unflagged, 0)).toEqual(
        error("ERR Can not execute a script with write flag using *_ro command."),
      );
    });

    it("leaves other flags to Redis's judgement", async ({ expect }) => {
      expect(await run("EVAL", "#!lua flags=allow-key-locking,bogus\nreturn 1", 0)).toEqual(
        error("ERR Unexpected flag in script shebang: bogus"),
      );
    });

    it("is ignored where it is not on the first line, as at Upstash", async ({ expect }) => {
      const late = "\n  #!lua flags=allow-key-locking\nreturn redis.call('SET','any','1')";
      expect(await run("EVAL", late, 0)).toEqual(result("OK"));
      expect(await run("EVALSHA", sha1(late), 0)).toEqual(result("OK"));
    });

    it("allows an empty script", async ({ expect }) => {
      expect(await run("EVAL", "#!lua flags=allow-key-locking", 0)).toEqual(result(null));
    });
  });

  describe("hashes", () => {
    const script = `${FLAGGED}return redis.call('INCR', KEYS[1])`;
    const sha = sha1(script);

    it("are those of the text as sent", async ({ expect }) => {
      expect(await run("SCRIPT", "EXISTS", sha)).toEqual(result([0]));
      expect(await run("EVALSHA", sha, 1, "n")).toEqual(
        error("NOSCRIPT No matching script. Please use EVAL."),
      );
      expect(await run("SCRIPT", "LOAD", script)).toEqual(result(sha));
      expect(await run("SCRIPT", "EXISTS", sha, "f".repeat(40), sha.toUpperCase())).toEqual(
        result([1, 0, 1]),
      );
      expect(await run("EVALSHA", sha, 1, "n")).toEqual(result(1));
      expect(await run("EVALSHA", sha.toUpperCase(), 1, "n")).toEqual(result(2));
    });

    it("are known after an EVAL, alone or in a batch", async ({ expect }) => {
      expect(await run("EVAL", script, 1, "n")).toEqual(result(1));
      expect(await run("EVALSHA", sha, 1, "n")).toEqual(result(2));
      const body = JSON.stringify([["EVALSHA", sha, 1, "n"]]);
      for (const path of ["/pipeline", "/multi-exec"]) {
        const answer = await fixture.ask({ path, body });
        expect(answer.json()).toEqual([result(path === "/pipeline" ? 3 : 4)]);
      }
      const raw = await fixture.ask({
        body: JSON.stringify(["SCRIPT", "LOAD", script]),
        headers: { "upstash-response-format": "resp2" },
      });
      expect(raw.text).toBe(`$40\r\n${sha}\r\n`);
    });

    it("are known for read-only scripts too", async ({ expect }) => {
      const read = "#!lua flags=no-writes,allow-key-locking\nreturn redis.call('GET',KEYS[1])";
      expect(await run("EVALSHA_RO", sha1(read), 1, "k")).toEqual(
        error("NOSCRIPT No matching script. Please use EVAL."),
      );
      expect(await run("EVAL_RO", read, 1, "k")).toEqual(result(null));
      expect(await run("EVALSHA_RO", sha1(read), 1, "k")).toEqual(result(null));
    });

    it("are forgotten by SCRIPT FLUSH, although the translation is not", async ({ expect }) => {
      await run("EVAL", script, 1, "n");
      expect(await run("SCRIPT", "FLUSH")).toEqual(result("OK"));
      expect(await run("SCRIPT", "EXISTS", sha)).toEqual(result([0]));
      expect(await run("EVALSHA", sha, 1, "n")).toEqual(
        error("NOSCRIPT No matching script. Please use EVAL."),
      );
      expect(await run("EVAL", script, 1, "n")).toEqual(result(2));
      expect(await run("EVALSHA", sha, 1, "n")).toEqual(result(3));
    });

    it("survive more scripts than are remembered: the client sends its text again", async ({
      expect,
    }) => {
      await run("EVAL", script, 1, "n");
      const loads = Array.from({ length: SCRIPTS_MAX + 1 }, (_, index) => [
        "SCRIPT",
        "LOAD",
        `${FLAGGED}return ${index}`,
      ]);
      await fixture.ask({ path: "/pipeline", body: JSON.stringify(loads) });
      expect(await run("EVALSHA", sha, 1, "n")).toEqual(
        error("NOSCRIPT No matching script. Please use EVAL."),
      );
      expect(await fixture.client().createScript(script).exec(["n"], [])).toBe(2);
    });
  });

  describe("functions", () => {
    const library = `#!lua name=counters
local function bump(keys, args)
  return redis.call('INCRBY', keys[1], args[1])
end
local function stray(keys, args)
  return redis.call('GET', 'stray')
end
redis.register_function{function_name='bump', callback=bump, flags={'allow-key-locking'}}
redis.register_function{function_name='stray', callback=stray, flags={'allow-key-locking', 'no-writes'}}
redis.register_function('free', stray)`;

    it("keep Upstash's flag: declared keys only", async ({ expect }) => {
      expect(await run("FUNCTION", "LOAD", "REPLACE", library)).toEqual(result("counters"));
      expect(await run("FCALL", "bump", 1, "n", 5)).toEqual(result(5));
      expect(await run("FCALL", "stray", 1, "n")).toEqual(error(undeclared("stray")));
      expect(await run("FCALL", "free", 0)).toEqual(result(null));
      expect(await run("FCALL_RO", "stray", 1, "stray")).toEqual(result(null));
    });

    it("are listed with the code that was sent", async ({ expect }) => {
      await run("FUNCTION", "LOAD", "REPLACE", library);
      expect(JSON.stringify(await run("FUNCTION", "LIST", "WITHCODE"))).toContain(
        JSON.stringify(library),
      );
    });

    it("name the right line when they fail", async ({ expect }) => {
      await run("FUNCTION", "LOAD", "REPLACE", library);
      await fixture.redis.set("n", "text");
      expect(await run("FCALL", "bump", 1, "n", 5)).toEqual(
        error("ERR value is not an integer or out of range script: bump, on @user_function:3."),
      );
    });
  });
});
