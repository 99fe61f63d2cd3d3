import { connect } from "node:net";
import { afterAll, beforeAll, beforeEach, describe, it } from "vitest";
import { type Fixture, startFixture } from "./fixture.ts";

describe("requests to redis-http", () => {
  let fixture: Fixture;
  beforeAll(async () => {
    fixture = await startFixture();
  });
  afterAll(() => fixture.stop());
  beforeEach(async () => {
    await fixture.redis.flushall();
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

    it("takes a value of 1 MiB from the path", async ({ expect }) => {
      const value = "€".repeat(350_000);
      const path = `/set/a/${encodeURIComponent(value)}`;
      const answer = await fixture.ask({ method: "GET", path });
      expect(answer.json()).toEqual({ result: "OK" });
      expect((await fixture.redis.get("a")) === value).toBe(true);
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

    it("refuses an announced body that is too large without waiting for it", async ({ expect }) => {
      const { port } = new URL(fixture.url);
      const socket = connect(Number(port), "127.0.0.1");
      const token = "authorization: Bearer standard-token";
      socket.write(`POST / HTTP/1.1\r\nhost: x\r\n${token}\r\ncontent-length: 99999999\r\n\r\n[`);
      let text = "";
      for await (const chunk of socket) {
        text += String(chunk);
        if (text.includes("Actual: 99999999 bytes")) break;
      }
      expect(text).toMatch(/^HTTP\/1\.1 413 /);
    });

    it("keeps an idle connection for more than a minute", async ({ expect }) => {
      const answer = await fixture.command("PING");
      const seconds = Number(/timeout=(\d+)/.exec(answer.headers.get("keep-alive") ?? "")?.[1]);
      expect(seconds).toBeGreaterThan(60);
    });

    it("answers with JSON even what is no HTTP", async ({ expect }) => {
      const { port } = new URL(fixture.url);
      const socket = connect(Number(port), "127.0.0.1");
      socket.write("*1\r\n$4\r\nPING\r\n");
      let text = "";
      for await (const chunk of socket) text += String(chunk);
      expect(text).toMatch(/^HTTP\/1\.1 400 /);
      expect(JSON.parse(text.slice(text.indexOf("\r\n\r\n")))).toEqual({
        error: "ERR this is not an HTTP/1.1 request",
      });
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
});
