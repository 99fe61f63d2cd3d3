import { afterEach, beforeEach, describe, it, vi } from "vitest";
import { startTestRedis } from "../../local/testing/stores.ts";
import { openBrowser } from "./testing/browser.ts";
import { deployed } from "./testing/deployment.ts";

beforeEach(() => {
  vi.spyOn(console, "error").mockImplementation(() => undefined);
});

afterEach(() => vi.restoreAllMocks());

const CALLS = [
  ["GET", "/session", undefined],
  ["GET", "/sessions", undefined],
  ["PATCH", "/session", { set: { a: 1 } }],
  ["PUT", "/session/cart/a", { quantity: 1 }],
  ["POST", "/session/cart/a/add", { quantity: 1 }],
  ["DELETE", "/session/cart/a", undefined],
  ["POST", "/session/rotate", undefined],
  ["DELETE", "/sessions", undefined],
  ["DELETE", "/session", undefined],
] as const;

describe("a Redis that is dead", () => {
  it("is 503 with what became of a write, and signs nobody out", async ({
    expect,
    onTestFinished,
  }) => {
    const redis = await startTestRedis();
    onTestFinished(() => redis.stop());
    const browser = openBrowser(deployed(redis));
    await browser.signIn("ann");
    const { cookie } = browser;
    await redis.server.kill();
    for (const [method, path, body] of CALLS) {
      const reply = await browser.call(method, path, {
        body,
        headers: { "Kv-Deadline-Ms": "400" },
      });
      const { code, outcome, retryable } = reply.body;
      const expected = [503, "redis_unavailable", true];
      expect([reply.status, code, retryable], `${method} ${path}`).toEqual(expected);
      expect(reply.headers.get("Retry-After")).toBe("1");
      expect(outcome === undefined, String(outcome)).toBe(method === "GET");
      expect(browser.cookie).toBe(cookie);
    }
    const begun = await openBrowser(deployed(redis)).signIn("bob", {}, { "Kv-Deadline-Ms": "400" });
    expect(begun).toMatchObject({ status: 503, body: { code: "redis_unavailable" } });
  });
});

describe("a Redis whose answer to a rotation comes too late, after a sign-out", () => {
  it("is 401, and nothing is claimed of the rotation", async ({ expect, onTestFinished }) => {
    const redis = await startTestRedis();
    onTestFinished(() => redis.stop());
    const service = deployed(redis);
    const [slow, quick] = [openBrowser(service), openBrowser(service)];
    await slow.signIn("ann");
    quick.cookie = slow.cookie;
    const late = { kind: "delay-response", delayMs: 700, count: 1 } as const;
    redis.faults.add({ target: "main", command: "EVALSHA", ...late });
    const rotation = slow.call("POST", "/session/rotate");
    await vi.waitFor(() => expect(redis.faults.list()).toEqual([]), { interval: 5 });
    expect(await quick.call("DELETE", "/session")).toMatchObject({ status: 204 });
    expect(await rotation).toMatchObject({
      status: 401,
      body: { code: "no_session", outcome: "unknown" },
    });
  });
});
