import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, inject, it, type MockInstance, vi } from "vitest";
import { RETRY_TIME_MIN_MS } from "../../shared/kernel/attempts.ts";
import { CANARY, failingRoutes } from "./testing/failing-routes.ts";
import { type ShellOptions, startShell } from "./testing/shell.ts";

const shell = (options: Partial<ShellOptions> = {}) =>
  startShell({ env, key: inject("apiKey"), routes: failingRoutes, ...options });

let logged: MockInstance<typeof console.error>;

beforeEach(() => {
  logged = vi.spyOn(console, "error").mockImplementation(() => undefined);
});

afterEach(() => vi.restoreAllMocks());

const logLines = () => logged.mock.calls.map(([line]) => JSON.parse(String(line)) as object);

describe("a failure", () => {
  const mapped: readonly [raised: string, status: number, code: string][] = [
    ["upstream~timeout~unknown", 503, "redis_unavailable"],
    ["upstream~unreachable~unknown", 503, "redis_unavailable"],
    ["upstream~garbage~unknown", 503, "redis_unavailable"],
    ["upstream~circuit_open~not_applied", 503, "redis_unavailable"],
    ["upstream~refused~not_applied~OOM", 503, "redis_unavailable"],
    ["upstream~pg-refused~not_applied~23505", 503, "postgres_unavailable"],
    ["upstream~pg-timeout~unknown", 503, "postgres_unavailable"],
  ];
  for (const [raised, status, code] of mapped) {
    it(`${raised} of a read is ${status} ${code}`, async ({ expect }) => {
      const answer = await shell().call(`/t/raised/${raised}`);
      expect([answer.status, answer.code]).toEqual([status, code]);
      expect(answer.json()).toMatchObject({ retryable: true });
      expect(answer.json()).not.toHaveProperty("outcome");
      expect(answer.headers.get("Retry-After")).toBe(status === 503 ? "1" : null);
    });

    it(`${raised} of a write tells its outcome`, async ({ expect }) => {
      const answer = await shell().call(`/t/raised/${raised}`, { method: "POST" });
      expect(answer.json()).toMatchObject({ status, code, outcome: raised.split("~")[2] });
    });
  }

  it("to answer in time is 504 deadline only where the deadline leaves no time to ask again", async ({
    expect,
  }) => {
    const [spent, left] = [`${RETRY_TIME_MIN_MS}`, `${RETRY_TIME_MIN_MS + 1_000}`];
    const answerTo = async (raised: string, method: string, deadlineMs: string) => {
      const init = { method, headers: { "Kv-Deadline-Ms": deadlineMs } };
      const answer = await shell().call(`/t/raised/${raised}`, init);
      expect(answer.json()).toMatchObject({ retryable: true });
      return [answer.status, answer.code, answer.headers.get("Retry-After")];
    };
    for (const method of ["GET", "POST"]) {
      const timeout = "upstream~timeout~unknown";
      expect(await answerTo(timeout, method, spent)).toEqual([504, "deadline", null]);
      expect(await answerTo(timeout, method, left)).toEqual([503, "redis_unavailable", "1"]);
      const refused = await answerTo("upstream~refused~not_applied~OOM", method, spent);
      expect(refused).toEqual([503, "redis_unavailable", "1"]);
    }
  });

  it("leaves one line in the log, that names the request and the dependency", async ({
    expect,
  }) => {
    const answer = await shell().call("/t/raised/upstream~pg-refused~unknown~57P01");
    expect(logLines()).toEqual([
      {
        level: "error",
        requestId: answer.headers.get("Kv-Request-Id"),
        operation: "test.run",
        code: "postgres_unavailable",
        status: 503,
        dependency: "postgres",
        fault: "refused",
        storeCode: "57P01",
      },
    ]);
  });

  it("that nobody expected shows nothing of itself, to the caller or in the log", async ({
    expect,
  }) => {
    const answer = await shell().call(`/t/raised/${CANARY}`, {
      method: "POST",
      headers: { "X-Canary": CANARY },
      body: CANARY,
    });
    expect([answer.status, answer.code]).toEqual([500, "internal"]);
    expect(answer.json()).toMatchObject({ outcome: "unknown", retryable: false });
    expect(`${answer.text}${JSON.stringify([...answer.headers])}`).not.toContain(CANARY);
    expect(logLines()).toEqual([
      {
        level: "error",
        requestId: answer.headers.get("Kv-Request-Id"),
        operation: "test.run",
        code: "internal",
        status: 500,
        error: "RangeError",
        at: expect.stringMatching(/^[\w.-]+:\d+:\d+$/),
      },
    ]);
    expect(JSON.stringify(logged.mock.calls)).not.toContain(CANARY);
  });

  it("of the caller's own leaves no line", async ({ expect }) => {
    const { call } = shell();
    await call("/nowhere");
    await call("/t/things/not%20valid");
    await call("/t/things/a", { headers: { Authorization: "" } });
    expect(logLines()).toEqual([]);
  });

  it("after the reply is logged and counted, and hinders nothing", async ({ expect }) => {
    const { call, works } = shell();
    const answer = await call("/t/later/upstream~timeout~unknown");
    await works[0];
    expect(answer.status).toBe(200);
    expect(logLines()).toEqual([
      {
        level: "error",
        requestId: answer.headers.get("Kv-Request-Id"),
        operation: "test.run",
        code: "after_reply_failed",
        dependency: "redis",
        fault: "timeout",
      },
    ]);
    await Promise.all(works);
    const totals = await env.METRICS_HUB.getByName("metrics").read();
    expect(totals).toMatchObject({ "test.run": { "background:failed": 1 } });
  });
});

describe("a deployment that is not configured", () => {
  const cases: readonly [binding: string, value: string, path: string, said: string][] = [
    ["API_KEYS", "", "/t/things/a", "API_KEYS is not set."],
    ["API_KEYS", `[{"${CANARY}`, "/t/things/a", "API_KEYS is not valid JSON."],
    ["API_KEYS", `[{"id":"${CANARY}"}]`, "/t/things/a", "API_KEYS.0.sha256 is malformed"],
    ["INSTANCE", "a b", "/t/things/a", "INSTANCE is malformed"],
    ["UPSTASH_REDIS_REST_URL", "", "/t/redis/a", "UPSTASH_REDIS_REST_URL is not set."],
    ["UPSTASH_REDIS_REST_TOKEN", "", "/t/redis/a", "UPSTASH_REDIS_REST_TOKEN is not set."],
    ["DATABASE_URL", "", "/t/postgres/a", "DATABASE_URL is not set."],
    ["DATABASE_URL", `mysql://${CANARY}@h/d`, "/t/postgres/a", "DATABASE_URL is malformed"],
  ];
  for (const [binding, value, path, said] of cases) {
    it(`says: ${said} (${value.slice(0, 12)})`, async ({ expect }) => {
      const answer = await shell({ bindings: { [binding]: value } }).call(path);
      expect([answer.status, answer.code]).toEqual([503, "not_configured"]);
      expect(answer.json()).toMatchObject({
        detail: expect.stringContaining(said),
        retryable: false,
      });
      expect(answer.headers.get("Retry-After")).toBe("60");
      expect(answer.text).not.toContain(CANARY);
    });
  }

  it("has not applied a write", async ({ expect }) => {
    const { call } = shell({ bindings: { API_KEYS: "" } });
    const write = await call("/t/things/a", { method: "PUT" });
    expect(write.json()).toMatchObject({ code: "not_configured", outcome: "not_applied" });
    expect((await call("/t/things/a")).json()).not.toHaveProperty("outcome");
  });

  it("still serves what needs nothing", async ({ expect }) => {
    const bindings = { API_KEYS: "", UPSTASH_REDIS_REST_URL: "", DATABASE_URL: "" };
    const { call } = shell({ bindings });
    for (const path of ["/health/live", "/openapi.json", "/docs"]) {
      expect([path, (await call(path)).status]).toEqual([path, 200]);
    }
  });
});
