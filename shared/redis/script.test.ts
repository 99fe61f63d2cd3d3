import { createHash } from "node:crypto";
import { describe, it } from "vitest";
import { UpstreamError } from "../kernel/errors.ts";
import type { RedisPort, RedisReply, Script } from "./port.ts";
import { integer, text } from "./reply.ts";
import { defineScript } from "./script.ts";

const WRITE = "#!lua flags=allow-key-locking\nreturn redis.call('INCR', KEYS[1])\n";
const READ = "#!lua flags=no-writes,allow-key-locking\nreturn redis.call('GET', KEYS[1])\n";

/** A port that answers every script with one reply and keeps what it was asked. */
function portAnswering(reply: RedisReply) {
  const asked: { script: Script; keys: readonly string[]; args: readonly unknown[] }[] = [];
  const redis: RedisPort = {
    command: async () => null,
    script: async (script, keys, args) => {
      asked.push({ script, keys, args });
      return reply;
    },
  };
  return { redis, asked };
}

describe("defining a script", () => {
  it("refuses a script that would lock the whole database", ({ expect }) => {
    const wrong = [
      "return 1",
      "\n#!lua flags=allow-key-locking\nreturn 1",
      "#!lua\nreturn 1",
      "#!lua flags=no-writes\nreturn 1",
      "-- a comment\n#!lua flags=allow-key-locking\nreturn 1",
      "#!lua flags=allow-key-locking,no-writes\nreturn 1",
    ];
    for (const source of wrong) {
      expect(() => defineScript(source, integer), source).toThrow(/lock keys only/);
    }
  });

  it("knows from the first line whether replicas may run it", async ({ expect }) => {
    for (const [source, isReadOnly] of [
      [WRITE, false],
      [READ, true],
    ] as const) {
      const { redis, asked } = portAnswering(1);
      await defineScript<[string], [], number>(source, integer)(redis, ["k"], []);
      expect(asked[0]?.script.isReadOnly).toBe(isReadOnly);
    }
  });

  it("sends the source's own SHA-1, keys and arguments", async ({ expect }) => {
    const { redis, asked } = portAnswering(3);
    const run = defineScript<[string], [number, string], number>(WRITE, integer);
    expect(await run(redis, ["k"], [5, "ü"])).toBe(3);
    const sha1 = createHash("sha1").update(WRITE).digest("hex");
    expect(asked).toEqual([
      { script: { source: WRITE, sha1, isReadOnly: false }, keys: ["k"], args: [5, "ü"] },
    ]);
  });

  it("calls a reply of another shape garbage, with an outcome that is true", async ({ expect }) => {
    for (const [source, outcome] of [
      [WRITE, "unknown"],
      [READ, "not_applied"],
    ] as const) {
      const { redis } = portAnswering(["canary"]);
      const error = await defineScript<[string], [], string>(source, text)(redis, ["k"], []).catch(
        (thrown: unknown) => thrown,
      );
      expect(error).toBeInstanceOf(UpstreamError);
      expect(error).toMatchObject({ dependency: "redis", fault: "garbage", outcome });
      expect(String(error)).not.toContain("canary");
    }
  });

  it("passes a bug of the decoder on", async ({ expect }) => {
    const { redis } = portAnswering(1);
    const run = defineScript<[string], [], number>(WRITE, () => {
      throw new TypeError("bug");
    });
    await expect(run(redis, ["k"], [])).rejects.toThrow(TypeError);
  });
});
