import { afterAll, beforeAll, beforeEach, describe, it } from "vitest";
import { type Fixture, startFixture } from "./fixture.ts";
import { PIPELINE_COMMANDS_MAX } from "./json-command.ts";

describe("batches through redis-http", () => {
  let fixture: Fixture;
  beforeAll(async () => {
    fixture = await startFixture();
  });
  afterAll(() => fixture.stop());
  beforeEach(async () => {
    await fixture.redis.flushall();
  });

  const pipeline = (commands: unknown, headers: Record<string, string> = {}) =>
    fixture.ask({ path: "/pipeline", body: JSON.stringify(commands), headers });
  const transaction = (commands: unknown) =>
    fixture.ask({ path: "/multi-exec", body: JSON.stringify(commands) });

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
          `[${'["SET","a","1"],'.repeat(PIPELINE_COMMANDS_MAX)}["PING"]]`,
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
});
