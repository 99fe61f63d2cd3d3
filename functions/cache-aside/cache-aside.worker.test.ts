import {
  createExecutionContext,
  createScheduledController,
  waitOnExecutionContext,
} from "cloudflare:test";
import { env, exports } from "cloudflare:workers";
import { describe, inject, it } from "vitest";
import { VALUE_BYTES_MAX } from "../http/body.ts";
import { JSON_DEPTH_MAX } from "../http/json-depth.ts";
import worker from "../index.ts";
import { INVALIDATE_IDS_MAX } from "./schema.ts";

const KEY = inject("apiKey");

let ids = 0;

const newId = () => {
  ids += 1;
  return `worker-test-${crypto.randomUUID()}-${ids}`;
};

interface CallOptions {
  readonly body?: string | Uint8Array;
  readonly headers?: Record<string, string>;
}

async function call(method: string, path: string, { body, headers = {} }: CallOptions = {}) {
  const reply = await exports.default.fetch(`http://worker/cache-aside/${path}`, {
    method,
    headers: {
      Authorization: `Bearer ${KEY}`,
      ...(body === undefined ? {} : { "Content-Type": "application/json" }),
      ...headers,
    },
    ...(body === undefined ? {} : { body }),
  });
  const { status } = reply;
  return { status, text: await reply.text(), headers: reply.headers };
}

const put = (id: string, body: string, headers: Record<string, string> = {}) =>
  call("PUT", `items/${id}`, { body, headers });
const get = (id: string, headers: Record<string, string> = {}) =>
  call("GET", `items/${id}`, { headers });
const del = (id: string, headers: Record<string, string> = {}) =>
  call("DELETE", `items/${id}`, { headers });

const codeOf = ({ status, text }: { readonly status: number; readonly text: string }) =>
  `${status} ${JSON.parse(text).code}`;

/** Asks until the fill that follows a miss has arrived. */
async function untilHit(id: string) {
  for (let attempt = 0; attempt < 50; attempt += 1) {
    const reply = await get(id);
    if (reply.headers.get("Cache-Status")?.includes("; hit")) return reply;
  }
  throw new Error(`${id} is never cached`);
}

describe("an item over HTTP", () => {
  it("is created, read, replaced and deleted", async ({ expect }) => {
    const id = newId();
    const created = await put(id, '{"a": [1.0, "\\ud800"] }');
    expect(created.status).toBe(201);
    const { version } = JSON.parse(created.text);
    expect(JSON.parse(created.text)).toEqual({ id, version: expect.stringMatching(/^\d+$/) });
    expect(created.headers.get("ETag")).toBe(`"${version}"`);
    const read = await get(id);
    expect(read).toMatchObject({ status: 200, text: '{"a": [1.0, "\\ud800"] }' });
    expect(read.headers.get("Content-Type")).toBe("application/json");
    expect(read.headers.get("ETag")).toBe(`"${version}"`);
    expect((await put(id, "null")).status).toBe(200);
    expect((await get(id)).text).toBe("null");
    expect(await del(id)).toMatchObject({ status: 204, text: "" });
    expect(codeOf(await get(id))).toBe("404 not_found");
    expect((await del(id)).status).toBe(204);
  });

  it("says where it comes from and how old it is", async ({ expect }) => {
    const id = newId();
    await put(id, "1");
    const miss = await get(id);
    expect(miss.headers.get("Cache-Status")).toMatch(/^edge-kv; fwd=miss; ttl=(5[3-9]|6[0-5])$/);
    expect(miss.headers.get("Age")).toBe("0");
    const hit = await untilHit(id);
    expect(hit.headers.get("Cache-Status")).toMatch(/^edge-kv; hit; ttl=(5[2-9]|6[0-5])$/);
    expect(hit.headers.get("Kv-Cost")).toBe("trips=1, requests=1");
    const absent = newId();
    expect(codeOf(await get(absent))).toBe("404 not_found");
    for (let n = 0; n < 50; n += 1) {
      const again = await get(absent);
      expect(again.status).toBe(404);
      if (again.headers.get("Cache-Status")?.startsWith("edge-kv; hit; ttl=")) return;
    }
    throw new Error("the absence is never cached");
  });

  it("answers HEAD as GET without a body, and 304 to the version that is current", async ({
    expect,
  }) => {
    const id = newId();
    const etag = (await put(id, '"v"')).headers.get("ETag") ?? "";
    const head = await call("HEAD", `items/${id}`);
    expect(head).toMatchObject({ status: 200, text: "" });
    expect(head.headers.get("ETag")).toBe(etag);
    for (const tag of [etag, `W/${etag}`, "*"]) {
      const unchanged = await get(id, { "If-None-Match": tag });
      expect(unchanged).toMatchObject({ status: 304, text: "" });
      expect(unchanged.headers.get("ETag")).toBe(etag);
    }
    expect((await get(id, { "If-None-Match": '"0"' })).status).toBe(200);
  });

  it("is written under a condition, and a refusal carries the current version", async ({
    expect,
  }) => {
    const id = newId();
    const missing = await put(id, "1", { "If-Match": "*" });
    expect(codeOf(missing)).toBe("412 precondition_failed");
    expect(JSON.parse(missing.text)).toMatchObject({ outcome: "not_applied", retryable: false });
    expect(missing.headers.get("ETag")).toBeNull();
    const etag = (await put(id, "1", { "If-None-Match": "*" })).headers.get("ETag") ?? "";
    const taken = await put(id, "2", { "If-None-Match": "*" });
    expect(codeOf(taken)).toBe("412 precondition_failed");
    expect(taken.headers.get("ETag")).toBe(etag);
    const next = await put(id, "2", { "If-Match": etag });
    expect(next.status).toBe(200);
    expect(codeOf(await del(id, { "If-Match": etag }))).toBe("412 precondition_failed");
    expect((await del(id, { "If-Match": `W/${next.headers.get("ETag")}` })).status).toBe(204);
  });

  it("answers a repeated write as the first time", async ({ expect }) => {
    const id = newId();
    const key = { "Idempotency-Key": "a-key" };
    const first = await put(id, "1", key);
    expect(first.headers.get("Idempotency-Replayed")).toBeNull();
    await put(id, "2");
    const second = await put(id, "1", key);
    expect(second).toMatchObject({ status: 201, text: first.text });
    expect(second.headers.get("Idempotency-Replayed")).toBe("true");
    expect((await get(id)).text).toBe("2");
    const mismatch = await put(id, "3", key);
    expect(codeOf(mismatch)).toBe("422 idempotency_mismatch");
    expect((await put(newId(), "3", key)).status).toBe(201);
    expect((await del(id, key)).headers.get("Idempotency-Replayed")).toBeNull();
    expect((await del(id, key)).headers.get("Idempotency-Replayed")).toBe("true");
  });

  it("is invalidated after the reply when the caller does not want to wait", async ({ expect }) => {
    const id = newId();
    const created = await call("PUT", `items/${id}?invalidate=async`, { body: "1" });
    expect(created.status).toBe(201);
    expect(created.headers.get("Kv-Invalidation")).toBe("pending");
    expect(created.headers.get("Kv-Cost")).toBe("trips=1, requests=1");
    const removed = await call("DELETE", `items/${id}?invalidate=async`);
    expect(removed.status).toBe(204);
    expect(removed.headers.get("Kv-Invalidation")).toBe("pending");
    expect((await put(id, "1")).headers.get("Kv-Cost")).toBe("trips=2, requests=2");
  });
});

describe("the limits of an item", () => {
  it(`are ${VALUE_BYTES_MAX} bytes`, async ({ expect }) => {
    const id = newId();
    const largest = JSON.stringify("x".repeat(VALUE_BYTES_MAX - 2));
    expect((await put(id, largest)).status).toBe(201);
    expect((await get(id)).text).toBe(largest);
    expect((await untilHit(id)).text).toBe(largest);
    expect(codeOf(await put(id, `${largest} `))).toBe("413 too_large");
    expect((await get(id)).text).toBe(largest);
  });

  it(`are ${JSON_DEPTH_MAX} levels`, async ({ expect }) => {
    const id = newId();
    const nested = (levels: number) =>
      `${"[".repeat(levels)}${" ".repeat(200)}${"]".repeat(levels)}`;
    expect((await put(id, nested(JSON_DEPTH_MAX))).status).toBe(201);
    expect((await get(id)).text).toBe(nested(JSON_DEPTH_MAX));
    expect(codeOf(await put(id, nested(JSON_DEPTH_MAX + 1)))).toBe("400 malformed_json");
    expect(codeOf(await put(id, nested(100_000)))).toBe("400 malformed_json");
  });

  it("are 128 characters of its id", async ({ expect }) => {
    expect((await put("i".repeat(128), "1")).status).toBeLessThan(300);
    expect(codeOf(await put("i".repeat(129), "1"))).toBe("400 bad_name");
    for (const id of ["a%2Fb", "a%20b", "%ff", "caf%C3%A9"]) {
      expect(codeOf(await put(id, "1"))).toBe("400 bad_name");
    }
  });
});

describe("bad input", () => {
  it("is refused precisely, and changes nothing", async ({ expect }) => {
    const id = newId();
    const etag = (await put(id, '"v"')).headers.get("ETag") ?? "";
    const malformed = [
      await put(id, ""),
      await put(id, "{"),
      await put(id, '"\u0001"'),
      await put(id, "\ufeff1"),
      await call("PUT", `items/${id}`, { body: new Uint8Array([34, 255, 34]) }),
    ];
    expect(malformed.map(codeOf)).toEqual(malformed.map(() => "400 malformed_json"));
    const badHeaders = [
      { "Idempotency-Key": "two words" },
      { "If-Match": "unquoted" },
      { "If-Match": '"1", "2"' },
      { "If-None-Match": '"1"' },
      { "If-None-Match": "*", "If-Match": etag },
      { "Kv-Deadline-Ms": "10001" },
    ];
    for (const headers of badHeaders)
      expect(codeOf(await put(id, "1", headers))).toBe("400 bad_header");
    for (const query of ["invalidate=later", "invalidate=async&invalidate=async", "force=1"]) {
      expect(codeOf(await call("DELETE", `items/${id}?${query}`))).toBe("400 bad_query");
    }
    const asText = { "Content-Type": "text/plain" };
    expect(codeOf(await put(id, "1", asText))).toBe("415 unsupported_media_type");
    expect(codeOf(await call("PATCH", `items/${id}`, { body: "1" }))).toBe(
      "405 method_not_allowed",
    );
    expect(codeOf(await call("GET", "items/"))).toBe("404 no_such_endpoint");
    expect((await get(id)).headers.get("ETag")).toBe(etag);
  });

  it("needs a key with the scope", async ({ expect }) => {
    for (const method of ["GET", "PUT", "DELETE"]) {
      const reply = await exports.default.fetch("http://worker/cache-aside/items/a", { method });
      expect(reply.status).toBe(401);
    }
  });
});

describe("invalidation over HTTP", () => {
  const invalidate = (list: unknown) =>
    call("POST", "invalidate", { body: JSON.stringify({ ids: list }) });

  it("drops what is cached and says of how many items", async ({ expect }) => {
    const [cached, absent] = [newId(), newId()];
    await put(cached, "1");
    await untilHit(cached);
    expect(await invalidate([cached, cached, absent])).toMatchObject({
      status: 200,
      text: '{"invalidated":1}',
    });
    expect((await get(cached)).headers.get("Cache-Status")).toContain("fwd=miss");
  });

  it(`takes 1 to ${INVALIDATE_IDS_MAX} ids`, async ({ expect }) => {
    const list = Array.from({ length: INVALIDATE_IDS_MAX }, (_, n) => `i${n}`);
    expect((await invalidate(list)).status).toBe(200);
    expect(codeOf(await invalidate([...list, "one-more"]))).toBe("400 bad_body");
    expect(codeOf(await invalidate([]))).toBe("400 bad_body");
    expect(codeOf(await invalidate(["a/b"]))).toBe("400 bad_name");
    expect(codeOf(await invalidate("a"))).toBe("400 bad_body");
  });
});

describe("stats over HTTP", () => {
  const stats = async () => JSON.parse((await call("GET", "stats")).text);

  it("count what happened, without a call to Redis", async ({ expect }) => {
    const { text, headers } = await call("GET", "stats");
    const before = JSON.parse(text);
    expect(headers.get("Server-Timing")).toMatch(/^redis;dur=0,/);
    // Postgres counts the outbox; the object that has the sums is no store.
    expect(headers.get("Kv-Cost")).toBe("trips=1, requests=1");
    const id = newId();
    await put(id, "1");
    const reads = [await get(id), await untilHit(id), await get(id)].length;
    const after = await stats();
    expect(Object.keys(after).sort()).toEqual([
      "breaker",
      "coalesced",
      "databaseQueries",
      "fills",
      "hits",
      "misses",
      "outboxPending",
      "stale",
    ]);
    expect(after.misses - before.misses).toBeGreaterThanOrEqual(1);
    expect(after.hits - before.hits).toBeGreaterThanOrEqual(2);
    expect(after.hits + after.misses - before.hits - before.misses).toBeGreaterThanOrEqual(reads);
    expect(after.databaseQueries).toBeGreaterThan(before.databaseQueries);
    expect(after).toMatchObject({ breaker: "closed", outboxPending: expect.any(Number) });
  });
});

describe("upkeep by the clock", () => {
  it("runs and finds nothing to do twice", async ({ expect }) => {
    for (let n = 0; n < 2; n += 1) {
      const context = createExecutionContext();
      await worker.scheduled(createScheduledController(), env, context);
      await waitOnExecutionContext(context);
    }
    expect(JSON.parse((await call("GET", "stats")).text).outboxPending).toBe(0);
  });
});
