import { createHash } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, it } from "vitest";
import {
  startTestPostgres,
  startTestRedis,
  type TestPostgres,
  type TestRedis,
} from "../../local/testing/stores.ts";
import { createApp } from "../app.ts";
import { createDepsFor } from "../deps.ts";
import { crowdWithOps } from "./testing/fixture.ts";
import { createService } from "./testing/service.ts";

const KEY = "key-of-this-test";
const PATIENT = { "Kv-Deadline-Ms": "10000" };

let redis: TestRedis;
let postgres: TestPostgres;
let after: Promise<unknown>[] = [];

beforeAll(async () => {
  [redis, postgres] = await Promise.all([startTestRedis(), startTestPostgres()]);
});

afterAll(async () => {
  await Promise.all([redis.stop(), postgres.stop()]);
});

beforeEach(() => {
  redis.faults.clear();
  postgres.faults.clear();
});

/** The whole Worker, as one isolate of its own. */
function isolate() {
  const app = createApp(createDepsFor());
  const sha256 = createHash("sha256").update(KEY).digest("hex");
  const env = {
    INSTANCE: "routes",
    UPSTASH_REDIS_REST_URL: redis.url,
    UPSTASH_REDIS_REST_TOKEN: redis.token,
    DATABASE_URL: postgres.databaseUrl,
    API_KEYS: JSON.stringify([
      { id: "test", sha256, tenant: "test", scopes: ["read", "write", "admin"] },
    ]),
  };
  const context = {
    waitUntil: (work: Promise<unknown>) => after.push(work),
    passThroughOnException: () => {},
    props: {},
  };
  const call = async (method: string, path: string, body?: string, headers = {}) => {
    const json = body === undefined ? {} : { "Content-Type": "application/json" };
    const init = {
      method,
      headers: { Authorization: `Bearer ${KEY}`, ...json, ...headers },
      ...(body === undefined ? {} : { body }),
    };
    const reply = await app.request(`/cache-aside/${path}`, init, env, context as never);
    return { status: reply.status, text: await reply.text(), headers: reply.headers };
  };
  return {
    call,
    put: (id: string, body: string, headers = {}) => call("PUT", `items/${id}`, body, headers),
    get: (id: string, headers = {}) => call("GET", `items/${id}`, undefined, headers),
  };
}

async function settled(): Promise<void> {
  while (after.length > 0) {
    const running = after;
    after = [];
    await Promise.all(running);
  }
}

/** Postgres without the Worker. */
const directly = () =>
  createService({ redis, databaseUrl: postgres.databaseUrl }).stores().postgres;

const problemOf = ({ status, text }: { readonly status: number; readonly text: string }) => {
  const { code, retryable, outcome } = JSON.parse(text);
  return { status, code, retryable, ...(outcome === undefined ? {} : { outcome }) };
};

const sourceOf = ({ headers }: { readonly headers: Headers }) => headers.get("Cache-Status");

describe("a fresh database", () => {
  it("gets its schema from the first requests, however many come at once", async ({ expect }) => {
    const { put, get } = isolate();
    const ids = Array.from({ length: 10 }, (_, n) => `first-${n}`);
    const [reads, writes] = await Promise.all([
      Promise.all(ids.map((id) => get(`none-${id}`, PATIENT))),
      Promise.all(ids.map((id) => put(id, "1", PATIENT))),
    ]);
    expect(reads.map(({ status }) => status)).toEqual(ids.map(() => 404));
    expect(writes.map(({ status }) => status)).toEqual(ids.map(() => 201));
    await settled();
  });
});

describe("500 concurrent misses through the whole Worker", () => {
  it("make one database query", async ({ expect }) => {
    const { put, get } = isolate();
    await put("herd", '"v"');
    await settled();
    postgres.http.resetCounters();
    const replies = await Promise.all(Array.from({ length: 500 }, () => get("herd", PATIENT)));
    await settled();
    expect(postgres.http.counters().requests).toBe(1);
    expect(new Set(replies.map(({ status, text }) => `${status} ${text}`))).toEqual(
      new Set(['200 "v"']),
    );
  });
});

describe("while Redis is down", () => {
  it("reads come from Postgres and say so", async ({ expect }) => {
    const { put, get } = isolate();
    await put("down", '"v"');
    redis.faults.add({ target: "main", kind: "refuse" });
    for (let n = 0; n < 7; n += 1) {
      const reply = await get("down");
      expect(reply).toMatchObject({ status: 200, text: '"v"' });
      expect(sourceOf(reply)).toBe("edge-kv; fwd=bypass; detail=redis_unavailable; ttl=0");
    }
    expect((await get("nothing-here")).status).toBe(404);
    await settled();
  });

  it("writes are applied and say that older reads may follow", async ({ expect }) => {
    const { put, get, call } = isolate();
    await put("pending", '"v"');
    await settled();
    redis.faults.add({ target: "main", kind: "refuse" });
    const pending = await put("pending", '"w"');
    expect(problemOf(pending)).toEqual({
      status: 503,
      code: "invalidation_pending",
      retryable: true,
      outcome: "applied",
    });
    expect(pending.headers.get("Retry-After")).toBe("1");
    expect(pending.headers.get("ETag")).toMatch(/^"\d+"$/);
    expect((await get("pending")).headers.get("ETag")).toBe(pending.headers.get("ETag"));
    const weaker = await call("PUT", "items/pending?invalidate=async", '"x"');
    expect(weaker.status).toBe(200);
    expect(weaker.headers.get("Kv-Invalidation")).toBe("pending");
    expect(problemOf(await call("DELETE", "items/pending")).code).toBe("invalidation_pending");
    const ids = JSON.stringify({ ids: ["pending"] });
    expect(problemOf(await call("POST", "invalidate", ids))).toMatchObject({
      code: "redis_unavailable",
      outcome: expect.stringMatching(/^(unknown|not_applied)$/),
    });
    redis.faults.clear();
    await settled();
    expect((await isolate().get("pending")).status).toBe(404);
  });

  it("a write can be repeated with its key when it is told to, and is no other write", async ({
    expect,
  }) => {
    const { put } = isolate();
    redis.faults.add({ target: "main", kind: "delay", delayMs: 1_500 });
    const headers = { "Idempotency-Key": "create", "If-None-Match": "*", "Kv-Deadline-Ms": "600" };
    const pending = await put("repeated", '"v"', headers);
    expect(problemOf(pending)).toMatchObject({ code: "invalidation_pending", outcome: "applied" });
    expect(JSON.parse(pending.text).detail).toContain(
      "repeat the request with its Idempotency-Key",
    );
    expect(
      JSON.parse((await put("keyless", "1", { "Kv-Deadline-Ms": "600" })).text).detail,
    ).toContain("A request with an Idempotency-Key");
    redis.faults.clear();
    // Past the expiry of the write.
    await new Promise((resolve) =>
      setTimeout(resolve, Number(pending.headers.get("Retry-After")) * 1_000),
    );
    const repeated = await isolate().put("repeated", '"v"', headers);
    expect(repeated.status).toBe(201);
    expect(repeated.headers.get("Idempotency-Replayed")).toBe("true");
    expect(repeated.headers.get("ETag")).toBe(pending.headers.get("ETag"));
    const other = { ...headers, "Idempotency-Key": "other" };
    const refusals = [await put("repeated", '"w"', other), await put("repeated", '"w"', other)];
    expect(refusals.map(({ status }) => status)).toEqual([412, 412]);
    const replayed = refusals.map((reply) => reply.headers.get("Idempotency-Replayed"));
    expect(replayed).toEqual([null, "true"]);
    await settled();
  });

  it("more reads than Postgres should get are told to come again", async ({ expect }) => {
    const { put, get } = isolate();
    await put("crowd", '"v"');
    await settled();
    redis.faults.add({ target: "main", kind: "refuse" });
    postgres.faults.add({ target: "postgres", kind: "delay", delayMs: 2_000 });
    const replies = await Promise.all(Array.from({ length: 40 }, () => get("crowd", PATIENT)));
    const refused = replies.filter(({ status }) => status === 503);
    expect(replies.filter(({ status }) => status === 200)).toHaveLength(32);
    expect(refused.map(problemOf)).toEqual(
      Array(8).fill({ status: 503, code: "overloaded", retryable: true }),
    );
    expect(refused[0]?.headers.get("Retry-After")).toBe("1");
    await settled();
  });
});

describe("while Postgres is down", () => {
  it("cached items are served, others are 503, and writes say what became of them", async ({
    expect,
  }) => {
    const { put, get } = isolate();
    await put("cached", '"v"');
    await get("cached");
    await settled();
    postgres.faults.add({ target: "postgres", kind: "refuse" });
    const hit = await get("cached");
    expect(hit).toMatchObject({ status: 200, text: '"v"' });
    expect(sourceOf(hit)).toMatch(/^edge-kv; hit; ttl=\d+$/);
    expect(problemOf(await get("not-cached"))).toEqual({
      status: 503,
      code: "postgres_unavailable",
      retryable: true,
    });
    expect(problemOf(await put("cached", '"w"', { "Kv-Deadline-Ms": "1000" }))).toMatchObject({
      status: 503,
      outcome: expect.stringMatching(/^(unknown|not_applied)$/),
    });
    await settled();
  });
});

describe("a slow database", () => {
  it("is 504 for those who wait for another one's load", async ({ expect }) => {
    const { put, get } = isolate();
    await put("slow", '"v"');
    await settled();
    postgres.faults.add({ target: "postgres", kind: "delay", delayMs: 1_000, count: 1 });
    const first = get("slow");
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(problemOf(await get("slow", { "Kv-Deadline-Ms": "400" }))).toMatchObject({
      status: 504,
      code: "deadline",
    });
    expect((await first).status).toBe(200);
    await settled();
  });
});

describe("an item with too many writes", () => {
  it("is 503 with the reason once the deadline is over", async ({ expect }) => {
    const { put } = isolate();
    await put("hot", "1");
    await crowdWithOps(directly(), { instance: "routes", tenant: "test", id: "hot" });
    expect(problemOf(await put("hot", "2", { "Kv-Deadline-Ms": "1000" }))).toEqual({
      status: 503,
      code: "too_many_ops",
      retryable: true,
      outcome: "not_applied",
    });
    await settled();
  });

  it("does not say that nothing was applied when an attempt had no answer", async ({ expect }) => {
    const { put } = isolate();
    await put("hot-and-lost", "1");
    await crowdWithOps(directly(), { instance: "routes", tenant: "test", id: "hot-and-lost" });
    postgres.faults.add({ target: "postgres", kind: "drop-request", count: 1 });
    const refused = await put("hot-and-lost", "2", { "Kv-Deadline-Ms": "1000" });
    expect(problemOf(refused)).toMatchObject({ code: "too_many_ops", outcome: "unknown" });
    await settled();
  });
});
