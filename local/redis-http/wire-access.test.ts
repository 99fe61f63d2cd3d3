import { afterAll, beforeAll, beforeEach, describe, it } from "vitest";
import { type Fixture, READ_ONLY_TOKEN, startFixture } from "./fixture.ts";

describe("access to redis-http", () => {
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
