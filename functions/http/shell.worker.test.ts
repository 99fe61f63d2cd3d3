import { env } from "cloudflare:workers";
import { Hono } from "hono";
import { afterEach, beforeEach, describe, inject, it, type MockInstance, vi } from "vitest";
import * as z from "zod";
import { type Outcome, UpstreamError, type UpstreamFault } from "../../shared/kernel/errors.ts";
import type { AppEnv } from "./app-env.ts";
import { endpoint } from "./endpoint.ts";
import { Name } from "./names.ts";
import { type ShellOptions, startShell } from "./testing/shell.ts";

const CANARY = "canary-81af-secret-value";

const spec = {
  operation: "test.run",
  summary: "",
  scope: "read",
  mutates: false,
  params: z.strictObject({ name: Name }),
  replies: {},
} as const;

/** Raises what the name says. */
function raise(name: string): never {
  const [kind, fault, outcome, storeCode] = name.split("~");
  if (kind === "upstream") {
    throw new UpstreamError({
      dependency: fault?.startsWith("pg") ? "postgres" : "redis",
      fault: (fault?.replace("pg-", "") ?? "timeout") as UpstreamFault,
      outcome: outcome as Outcome,
      ...(storeCode === undefined ? {} : { storeCode }),
    });
  }
  throw new RangeError(CANARY, { cause: CANARY });
}

const routes = new Hono<AppEnv>()
  .get("/things/:name", endpoint(spec), (c) => c.json(c.req.valid("param")))
  .put("/things/:name", endpoint({ ...spec, scope: "write", mutates: true }), (c) =>
    c.json({}, 201, { "Cache-Control": "private, max-age=5" }),
  )
  .delete("/things/:name", endpoint({ ...spec, scope: "admin", mutates: true }), (c) =>
    c.body(null, 204),
  )
  .get("/raised/:name", endpoint(spec), (c) => raise(c.req.valid("param").name))
  .post("/raised/:name", endpoint({ ...spec, mutates: true }), (c) =>
    raise(c.req.valid("param").name),
  )
  .get("/redis/:name", endpoint(spec), async (c) => {
    const { redis } = c.get("deps");
    return c.json(await redis.command(["ECHO", c.req.valid("param").name]));
  })
  .get("/postgres/:name", endpoint(spec), async (c) =>
    c.json(await c.get("deps").postgres.query("SELECT 1 AS one", [])),
  )
  .get("/later/:name", endpoint(spec), (c) => {
    c.get("deps").afterReply(async () => raise(c.req.valid("param").name));
    return c.json({});
  });

const shell = (options: Partial<ShellOptions> = {}) =>
  startShell({ env, key: inject("apiKey"), routes, ...options });

let logged: MockInstance<typeof console.error>;

beforeEach(() => {
  logged = vi.spyOn(console, "error").mockImplementation(() => undefined);
});

afterEach(() => vi.restoreAllMocks());

const logLines = () => logged.mock.calls.map(([line]) => JSON.parse(String(line)) as object);

describe("every reply", () => {
  it("has an id of its own, what it cost, and its timing", async ({ expect }) => {
    const { call } = shell();
    const replies = [await call("/t/things/a"), await call("/nowhere"), await call("/t/redis/a")];
    const ids = replies.map(({ headers }) => headers.get("Kv-Request-Id"));
    expect(new Set(ids).size).toBe(3);
    expect(ids.every((id) => /^[0-9a-z]{15}-[0-9a-z]+$/.test(id ?? ""))).toBe(true);
    expect(replies.map(({ headers }) => headers.get("Kv-Cost"))).toEqual([
      "trips=0, requests=0",
      "trips=0, requests=0",
      "trips=1, requests=1",
    ]);
    for (const { headers } of replies) {
      expect(headers.get("Server-Timing")).toMatch(/^redis;dur=[\d.]+, db;dur=0, do;dur=0$/);
    }
  });

  it("may be neither sniffed nor stored, unless it says otherwise", async ({ expect }) => {
    const { call } = shell();
    const { headers } = await call("/t/things/a");
    expect(headers.get("X-Content-Type-Options")).toBe("nosniff");
    expect(headers.get("Cache-Control")).toBe("no-store");
    const put = await call("/t/things/a", { method: "PUT" });
    expect(put.headers.get("Cache-Control")).toBe("private, max-age=5");
  });

  it("says when nothing survives the loss of one database", async ({ expect }) => {
    const database = { url: "https://x.test", token: "t" };
    const bindings = {
      REDIS_NODES: JSON.stringify([{ id: "n", role: "voter", ...database }]),
      REDIS_SHARDS: JSON.stringify([{ id: "s", primary: database, replicas: [] }]),
    };
    const durability = async (options: Partial<ShellOptions>) =>
      (await shell(options).call("/nowhere")).headers.get("Kv-Durability");
    expect(await durability({})).toBe("single-database");
    expect(await durability({ bindings: { REDIS_NODES: bindings.REDIS_NODES } })).toBe(
      "single-database",
    );
    expect(await durability({ bindings })).toBeNull();
  });
});

describe("a caller", () => {
  const refused: readonly [name: string, authorization: string][] = [
    ["no key", ""],
    ["an unknown key", "Bearer nobody"],
    ["another scheme", "Basic dGVzdDp0ZXN0"],
    ["no token", "Bearer"],
    ["two tokens", `Bearer ${inject("apiKey")} ${inject("apiKey")}`],
    ["a token too long", `Bearer ${"x".repeat(513)}`],
  ];
  for (const [name, authorization] of refused) {
    it(`with ${name} is told how to call`, async ({ expect }) => {
      const answer = await shell().call("/t/things/a", {
        headers: { Authorization: authorization },
      });
      expect([answer.status, answer.code]).toEqual([401, "unauthorized"]);
      expect(answer.headers.get("WWW-Authenticate")).toMatch(/^Bearer realm=/);
    });
  }

  it("with two keys is refused, though both are right", async ({ expect }) => {
    const headers = new Headers();
    for (let i = 0; i < 2; i += 1) headers.append("Authorization", `Bearer ${inject("apiKey")}`);
    expect((await shell().call("/t/things/a", { headers })).code).toBe("unauthorized");
  });

  it("learns nothing about a request that it may not make", async ({ expect }) => {
    const answer = await shell().call("/t/things/not%20valid?x=1", {
      headers: { Authorization: "" },
    });
    expect(answer.code).toBe("unauthorized");
  });

  it("needs the scope of the call", async ({ expect }) => {
    const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode("reader"));
    const sha256 = [...new Uint8Array(digest)]
      .map((byte) => byte.toString(16).padStart(2, "0"))
      .join("");
    const { call } = shell({
      key: "reader",
      bindings: {
        API_KEYS: JSON.stringify([{ id: "r", sha256, tenant: "t", scopes: ["read"] }]),
      },
    });
    expect((await call("/t/things/a")).status).toBe(200);
    for (const method of ["PUT", "DELETE"]) {
      const answer = await call("/t/things/a", { method });
      expect([answer.status, answer.code]).toEqual([403, "missing_scope"]);
    }
  });
});

describe("a request that no endpoint takes", () => {
  it("to a path that does not exist is told where to look", async ({ expect }) => {
    const { call } = shell();
    for (const [method, path] of [
      ["GET", "/"],
      ["GET", "/t/things"],
      ["GET", "/t/things/a/"],
      ["POST", "/t/things/a/b"],
      ["OPTIONS", "/nowhere"],
      ["GET", "/%ff"],
    ] as const) {
      const answer = await call(path, { method });
      expect([path, answer.status, answer.code]).toEqual([path, 404, "no_such_endpoint"]);
    }
  });

  it("with a method the path does not take is told which it takes", async ({ expect }) => {
    const { call } = shell();
    for (const [method, path, allow] of [
      ["POST", "/t/things/a", "GET, PUT, DELETE, HEAD, OPTIONS"],
      ["PATCH", "/t/things/a", "GET, PUT, DELETE, HEAD, OPTIONS"],
      ["PROPFIND", "/t/things/a", "GET, PUT, DELETE, HEAD, OPTIONS"],
      ["DELETE", "/metrics", "GET, HEAD, OPTIONS"],
    ] as const) {
      const answer = await call(path, { method });
      expect([answer.status, answer.code]).toEqual([405, "method_not_allowed"]);
      expect(answer.headers.get("Allow")).toBe(allow);
    }
  });

  it("with OPTIONS is told which methods there are, without a key", async ({ expect }) => {
    const answer = await shell().call("/t/things/a", {
      method: "OPTIONS",
      headers: { Authorization: "" },
    });
    expect([answer.status, answer.text]).toEqual([204, ""]);
    expect(answer.headers.get("Allow")).toBe("GET, PUT, DELETE, HEAD, OPTIONS");
    expect(answer.headers.get("Access-Control-Allow-Origin")).toBeNull();
  });

  it("with HEAD gets what GET would, without a body", async ({ expect }) => {
    const { call } = shell();
    const answer = await call("/t/things/a", { method: "HEAD" });
    expect([answer.status, answer.text]).toEqual([200, ""]);
    expect(answer.headers.get("Content-Type")).toBe("application/json");
    expect(answer.headers.get("Kv-Cost")).toBe("trips=0, requests=0");
    expect((await call("/t/things/not%20valid", { method: "HEAD" })).status).toBe(400);
  });
});

describe("a failure", () => {
  const mapped: readonly [raised: string, status: number, code: string][] = [
    ["upstream~timeout~unknown", 504, "deadline"],
    ["upstream~unreachable~unknown", 503, "redis_unavailable"],
    ["upstream~garbage~unknown", 503, "redis_unavailable"],
    ["upstream~circuit_open~not_applied", 503, "redis_unavailable"],
    ["upstream~refused~not_applied~OOM", 503, "redis_unavailable"],
    ["upstream~pg-refused~not_applied~23505", 503, "postgres_unavailable"],
    ["upstream~pg-timeout~unknown", 504, "deadline"],
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

  it("after the reply is logged and hinders nothing", async ({ expect }) => {
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

  it("still serves what needs nothing", async ({ expect }) => {
    const bindings = { API_KEYS: "", UPSTASH_REDIS_REST_URL: "", DATABASE_URL: "" };
    const { call } = shell({ bindings });
    for (const path of ["/health/live", "/openapi.json", "/docs"]) {
      expect([path, (await call(path)).status]).toEqual([path, 200]);
    }
  });
});

describe("browsers of other origins", () => {
  const ORIGIN = "https://app.example";
  const preflight = {
    method: "OPTIONS",
    headers: {
      Authorization: "",
      Origin: ORIGIN,
      "Access-Control-Request-Method": "PUT",
      "Access-Control-Request-Headers": "authorization,idempotency-key",
    },
  };
  const allowing = (origins: string) => shell({ bindings: { CORS_ORIGINS: origins } });
  const corsHeaders = (headers: Headers) =>
    [...headers.keys()].filter((name) => name.startsWith("access-control-") || name === "vary");

  it("get nothing when none is configured", async ({ expect }) => {
    const { call } = shell();
    const asked = await call("/t/things/a", { headers: { Origin: ORIGIN } });
    expect(corsHeaders(asked.headers)).toEqual([]);
    expect(corsHeaders((await call("/t/things/a", preflight)).headers)).toEqual([]);
  });

  it("may ask before they call, without a key", async ({ expect }) => {
    const { status, headers } = await allowing(`https://b.example ${ORIGIN}`).call(
      "/t/things/a",
      preflight,
    );
    expect(status).toBe(204);
    expect(headers.get("Access-Control-Allow-Origin")).toBe(ORIGIN);
    expect(headers.get("Access-Control-Allow-Methods")).toBe("GET, PUT, DELETE, HEAD, OPTIONS");
    expect(headers.get("Access-Control-Allow-Headers")?.toLowerCase().split(", ")).toEqual(
      expect.arrayContaining(["authorization", "content-type", "idempotency-key", "if-match"]),
    );
    expect(headers.get("Access-Control-Max-Age")).toBe("600");
    expect(headers.get("Vary")).toBe("Origin");
    expect(headers.get("Access-Control-Allow-Credentials")).toBeNull();
  });

  it("may read replies, errors too, and the headers that mean something", async ({ expect }) => {
    const { call } = allowing(ORIGIN);
    for (const path of ["/t/things/a", "/nowhere", "/t/raised/x"]) {
      const { headers } = await call(path, { headers: { Origin: ORIGIN } });
      expect([path, headers.get("Access-Control-Allow-Origin")]).toEqual([path, ORIGIN]);
      expect(headers.get("Access-Control-Expose-Headers")?.split(", ")).toEqual(
        expect.arrayContaining([
          "ETag",
          "Retry-After",
          "RateLimit",
          "RateLimit-Policy",
          "Server-Timing",
          "Idempotency-Replayed",
          "Kv-Cost",
          "Kv-Request-Id",
          "Kv-Session",
        ]),
      );
    }
  });

  it("of an origin that is not configured get nothing, and caches are told so", async ({
    expect,
  }) => {
    const { call } = allowing(ORIGIN);
    for (const origin of ["https://evil.example", `${ORIGIN}.evil.example`, "null", ""]) {
      const headers = origin === "" ? {} : { Origin: origin };
      const answer = await call("/t/things/a", { headers });
      expect([origin, corsHeaders(answer.headers)]).toEqual([origin, ["vary"]]);
    }
  });

  it("are all allowed by *", async ({ expect }) => {
    const { headers } = await allowing("*").call("/t/things/a", { headers: { Origin: ORIGIN } });
    expect(headers.get("Access-Control-Allow-Origin")).toBe("*");
  });
});
