import { exports } from "cloudflare:workers";
import { describe, inject, it } from "vitest";
import { checkDeclared } from "../http/testing/declared.ts";
import { rateLimitingRoutes } from "./routes.ts";

const KEY = inject("apiKey");
const HOUR_MS = 3_600_000;

let policies = 0;

const newName = () => {
  policies += 1;
  return `worker-test-${Date.now()}-${policies}`;
};

/** Sends it, and sees to it that the reply is one that the endpoint declares. */
async function call(method: string, path: string, body?: unknown) {
  const reply = await exports.default.fetch(`http://worker/rate-limiting${path}`, {
    method,
    headers: {
      Authorization: `Bearer ${KEY}`,
      ...(body === undefined ? {} : { "Content-Type": "application/json" }),
    },
    ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
  });
  const text = await reply.text();
  const said = text === "" ? null : JSON.parse(text);
  const exchange = { method, path, status: reply.status, body: said };
  checkDeclared(rateLimitingRoutes.routes, exchange);
  return { status: reply.status, body: said, headers: reply.headers };
}

const HOURLY = { algorithm: "gcra", limit: 2, windowMs: HOUR_MS, onError: "closed" };

async function newPolicy(definition: object = {}): Promise<string> {
  const name = newName();
  const put = await call("PUT", `/policies/${name}`, { ...HOURLY, ...definition });
  if (put.status !== 201) throw new Error(`${put.status}`);
  return name;
}

const check = (policy: string, body: object = { key: "ann" }) =>
  call("POST", `/policies/${policy}/check`, body);

describe("policies over HTTP", () => {
  it("are put, read, listed and deleted", async ({ expect }) => {
    const policy = newName();
    const created = await call("PUT", `/policies/${policy}`, HOURLY);
    expect(created).toMatchObject({
      status: 201,
      body: { policy, ...HOURLY, burst: 2, revision: expect.any(Number) },
    });
    expect(await call("PUT", `/policies/${policy}`, HOURLY)).toMatchObject({
      status: 200,
      body: created.body,
    });
    const changed = await call("PUT", `/policies/${policy}`, { ...HOURLY, burst: 5 });
    expect(changed).toMatchObject({ status: 200, body: { burst: 5 } });
    expect(changed.body.revision).toBeGreaterThan(created.body.revision);
    expect((await call("GET", `/policies/${policy}`)).body).toEqual(changed.body);
    expect((await call("GET", "/policies")).body.policies).toContainEqual(changed.body);
    expect(await call("DELETE", `/policies/${policy}`)).toMatchObject({ status: 204, body: null });
    expect(await call("DELETE", `/policies/${policy}`)).toMatchObject({ status: 204 });
    expect(await call("GET", `/policies/${policy}`)).toMatchObject({
      status: 404,
      body: { code: "no_such_policy" },
    });
  });

  it("keep what their counts hang on", async ({ expect }) => {
    const policy = await newPolicy({ algorithm: "fixed-window" });
    const other = await call("PUT", `/policies/${policy}`, {
      ...HOURLY,
      algorithm: "fixed-window",
      windowMs: 1,
    });
    expect(other).toMatchObject({
      status: 409,
      body: { code: "policy_differs", outcome: "not_applied" },
    });
    expect(other.body.errors).toContainEqual({
      at: "body.windowMs",
      message: `is ${HOUR_MS} in the policy`,
    });
  });

  it("are refused beyond their bounds and taken at them", async ({ expect }) => {
    const put = async (definition: object) =>
      (await call("PUT", `/policies/${newName()}`, { ...HOURLY, ...definition })).status;
    const most = { limit: 1_000_000, burst: 1_000_000, windowMs: 2_678_400_000 };
    expect(await put(most)).toBe(201);
    expect(await put({ limit: 1, burst: 1, windowMs: 1 })).toBe(201);
    for (const bad of [
      { limit: 1_000_001 },
      { limit: 0 },
      { limit: 1.5 },
      { burst: 1_000_001 },
      { burst: 0 },
      { windowMs: 2_678_400_001 },
      { windowMs: 0 },
      { algorithm: "cached-fixed-window" },
      { onError: "ajar" },
      { onError: undefined },
      { more: 1 },
      { algorithm: "fixed-window", burst: 2 },
      { algorithm: "sliding-window", burst: 2 },
    ]) {
      expect(await put(bad), JSON.stringify(bad)).toBe(400);
    }
    expect((await call("PUT", "/policies/b%20d", HOURLY)).body.code).toBe("bad_name");
  });
});

describe("checks over HTTP", () => {
  it("pass or not, and say so in headers too", async ({ expect }) => {
    const policy = await newPolicy();
    const first = await check(policy);
    expect(first).toMatchObject({
      status: 200,
      body: { allowed: true, limit: 2, remaining: 1, resetMs: HOUR_MS / 2, retryAfterMs: 0 },
    });
    expect(first.headers.get("RateLimit-Policy")).toBe(`"${policy}";q=2;w=3600`);
    expect(first.headers.get("RateLimit")).toBe(`"${policy}";r=1;t=1800`);
    expect(first.headers.get("Retry-After")).toBeNull();
    await check(policy);
    const refused = await check(policy);
    expect(refused).toMatchObject({ status: 429, body: { allowed: false, remaining: 0 } });
    expect(refused.headers.get("Kv-Cost")).toBe("trips=1, requests=1");
    expect(refused.headers.get("Retry-After")).toBe(
      String(Math.ceil(refused.body.retryAfterMs / 1_000)),
    );
    const again = await check(policy);
    expect(again.status).toBe(429);
    expect(again.headers.get("Kv-Cost")).toBe("trips=0, requests=0");
    expect(await call("GET", `/policies/${policy}/keys/ann`)).toMatchObject({
      status: 200,
      body: { allowed: false, limit: 2, remaining: 0 },
    });
    expect(await call("DELETE", `/policies/${policy}/keys/ann`)).toMatchObject({ status: 204 });
    expect(await check(policy)).toMatchObject({ status: 200, body: { remaining: 1 } });
  });

  it("are made together, all or none", async ({ expect }) => {
    const [wide, narrow] = [await newPolicy({ limit: 100 }), await newPolicy({ limit: 1 })];
    const checks = [
      { policy: wide, key: "ann", cost: 10 },
      { policy: narrow, key: "ann" },
    ];
    const passed = await call("POST", "/check", { checks });
    expect(passed).toMatchObject({ status: 200, body: { allowed: true } });
    expect(passed.headers.get("RateLimit")).toBe(`"${wide}";r=90;t=360, "${narrow}";r=0;t=3600`);
    expect(await call("POST", "/check", { checks })).toMatchObject({
      status: 429,
      body: {
        allowed: false,
        results: [
          { allowed: true, remaining: 90 },
          { allowed: false, remaining: 0 },
        ],
      },
    });
  });

  it("name what is wrong with them", async ({ expect }) => {
    const [gcra, fixed] = [await newPolicy(), await newPolicy({ algorithm: "fixed-window" })];
    expect(await check("no-such")).toMatchObject({ status: 404, body: { outcome: "not_applied" } });
    expect(await check(gcra, { key: "ann", cost: 3 })).toMatchObject({
      status: 422,
      body: { code: "cost_too_high", errors: [{ at: "body.cost", message: "must be at most 2" }] },
    });
    const together = (second: object) =>
      call("POST", "/check", { checks: [{ policy: gcra, key: "ann" }, second] });
    expect(await together({ policy: fixed, key: "ann" })).toMatchObject({
      status: 422,
      body: { code: "not_combinable", errors: [{ at: "body.checks.1.policy" }] },
    });
    expect(await together({ policy: gcra, key: "ann" })).toMatchObject({
      status: 400,
      body: { code: "bad_body" },
    });
    expect((await call("GET", `/policies/${gcra}/keys/ann`)).body.remaining).toBe(2);
  });

  it("take keys of any characters up to 512 bytes, and eight at once", async ({ expect }) => {
    const policy = await newPolicy();
    const status = async (key: unknown) => (await check(policy, { key })).status;
    expect(await status("ä".repeat(256))).toBe(200);
    expect(await status(`${"ä".repeat(256)}x`)).toBe(400);
    expect(await status("/ ?#:%")).toBe(200);
    expect((await call("GET", `/policies/${policy}/keys/%2F%20%3F%23%3A%25`)).body).toMatchObject({
      remaining: 1,
    });
    expect(await status("\ud800")).toBe(400);
    expect(await status("")).toBe(400);
    expect(await status(1)).toBe(400);
    const many = (length: number) =>
      call("POST", "/check", {
        checks: Array.from({ length }, (_, i) => ({ policy, key: `many-${i}` })),
      });
    expect(await many(8)).toMatchObject({ status: 200 });
    expect(await many(9)).toMatchObject({ status: 400 });
    expect(await many(0)).toMatchObject({ status: 400 });
  });

  it("stand in front of any route", async ({ expect }) => {
    const reply = await call("GET", "/protected");
    expect(reply).toMatchObject({ status: 200, body: { ok: true } });
    expect(reply.headers.get("RateLimit-Policy")).toBe('"protected";q=100;w=60');
    expect(reply.headers.get("RateLimit")).toMatch(/^"protected";r=\d+;t=\d+$/);
    const rest = await Promise.all(Array.from({ length: 120 }, () => call("GET", "/protected")));
    const limited = rest.filter(({ status }) => status === 429);
    expect(limited.length).toBeGreaterThanOrEqual(20);
    expect(limited[0]?.body).toMatchObject({
      code: "rate_limited",
      retryAfterMs: expect.any(Number),
    });
    expect(limited[0]?.headers.get("RateLimit")).toMatch(/^"protected";r=0;t=1$/);
  });
});
