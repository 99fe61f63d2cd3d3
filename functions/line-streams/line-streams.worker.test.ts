import { exports } from "cloudflare:workers";
import { describe, inject, it } from "vitest";
import { createHttpCalls } from "./testing/http-calls.ts";

const { call, newName, poll, topicWithGroup } = createHttpCalls(exports.default, inject("apiKey"));

describe("a topic over HTTP", () => {
  it("is created, changed in its limits, and never in its partitions", async ({ expect }) => {
    const topic = newName();
    const created = await call("PUT", topic, { body: { partitions: 3 } });
    expect(created).toMatchObject({
      status: 201,
      body: { topic, partitions: 3, maxLength: null, retentionMs: null },
    });
    expect(await call("PUT", topic, { body: { partitions: 3 } })).toMatchObject({ status: 200 });
    const limits = { maxLength: 10, retentionMs: 60_000 };
    const changed = await call("PUT", topic, { body: { partitions: 3, ...limits } });
    expect(changed).toMatchObject({ status: 200, body: limits });
    expect(await call("GET", topic)).toMatchObject({ status: 200, body: limits });
    expect(await call("PUT", topic, { body: { partitions: 4 } })).toMatchObject({
      status: 409,
      body: {
        code: "topic_differs",
        outcome: "not_applied",
        errors: [{ at: "body.partitions", message: "is 3 on the topic" }],
      },
    });
  });

  it("is made with four partitions by who writes to it first", async ({ expect }) => {
    const topic = newName();
    const made = await call("POST", `${topic}/messages`, { body: { payload: 1 } });
    expect(made).toMatchObject({ status: 201, body: { partition: expect.any(Number) } });
    expect(await call("GET", topic)).toMatchObject({ status: 200, body: { partitions: 4 } });
  });
});

describe("messages over HTTP", () => {
  it("go round in one trip each: produce, poll, acknowledge", async ({ expect }) => {
    const topic = await topicWithGroup();
    await poll(topic);
    const produced = await call("POST", `${topic}/messages`, {
      body: { key: "k", payload: { a: 1 } },
    });
    expect(produced.status).toBe(201);
    expect(produced.headers.get("Kv-Cost")).toBe("trips=1, requests=1");
    const polled = await poll(topic);
    expect(polled.headers.get("Kv-Cost")).toBe("trips=1, requests=1");
    const { id, partition } = produced.body;
    const [message] = polled.body.messages;
    expect(polled.body).toEqual({
      messages: [
        {
          id,
          partition,
          key: "k",
          payload: { a: 1 },
          deliveries: 1,
          receipt: expect.any(String),
          producedAt: expect.any(Number),
        },
      ],
    });
    await call("POST", `${topic}/groups/g/ack`, {
      body: { receipts: [`1.0.1-1.${"x".repeat(22)}`] },
    });
    const acked = await call("POST", `${topic}/groups/g/ack`, {
      body: { receipts: [message.receipt] },
    });
    expect(acked).toMatchObject({
      status: 200,
      body: { results: [{ receipt: message.receipt, status: "ok" }] },
    });
    expect(acked.headers.get("Kv-Cost")).toBe("trips=1, requests=1");
  });

  it("come back as they were written", async ({ expect }) => {
    const topic = await topicWithGroup();
    const payload =
      '{"n": 12345678901234567890, "x":1e400,"b": [1.0, {"a":"\\u00e4\\ud800 }]"}],"b":2}';
    await call("POST", `${topic}/messages`, { body: `{ "payload" : ${payload} , "key":"k"}` });
    expect((await poll(topic)).text).toContain(`"payload":${payload},"deliveries":1`);
  });

  it("are refused precisely", async ({ expect }) => {
    const topic = await topicWithGroup();
    const post = (body: unknown) => call("POST", `${topic}/messages`, { body });
    expect(await post({})).toMatchObject({
      status: 400,
      body: { code: "bad_body", errors: [{ at: "body.payload", message: "is missing" }] },
    });
    expect(await post({ payload: 1, messages: [{ payload: 1 }] })).toMatchObject({ status: 400 });
    const one = { payload: 1 };
    expect(await post({ messages: Array(100).fill(one) })).toMatchObject({ status: 201 });
    expect(await post({ messages: Array(101).fill(one) })).toMatchObject({ status: 400 });
    expect(await post({ payload: "x".repeat(65_534) })).toMatchObject({ status: 201 });
    expect(await post({ payload: "x".repeat(65_535) })).toMatchObject({
      status: 413,
      body: { code: "too_large", outcome: "not_applied" },
    });
    const bad = await call("POST", `${topic}/groups/g/ack`, { body: { receipts: ["nonsense"] } });
    expect(bad).toMatchObject({ status: 400, body: { code: "bad_receipt" } });
    expect(
      await call("POST", `${topic}/groups/none/poll`, {
        body: { consumer: "ann", max: 1, waitMs: 0 },
      }),
    ).toMatchObject({ status: 404, body: { code: "no_such_group", outcome: "not_applied" } });
  });

  it("are appended once under their idempotency key", async ({ expect }) => {
    const topic = await topicWithGroup();
    const post = (payload: unknown) =>
      call("POST", `${topic}/messages`, { body: { payload }, headers: { "Idempotency-Key": "k" } });
    const first = await post(1);
    const again = await post(1);
    expect(again).toMatchObject({ status: 201, body: first.body });
    expect(again.headers.get("Idempotency-Replayed")).toBe("true");
    expect(await post(2)).toMatchObject({ status: 422, body: { code: "idempotency_mismatch" } });
    expect((await poll(topic)).body.messages.length).toBe(1);
  });
});

describe("a poll that waits", () => {
  it("gets a message within 100 ms of its production, unless the machine is busy", async ({
    expect,
  }) => {
    const topic = await topicWithGroup({ visibilityMs: 60_000 });
    const tookMs: number[] = [];
    for (let round = 0; round < 5; round += 1) {
      const waiting = poll(topic, { waitMs: 10_000 }).then((polled) => ({
        ...polled,
        atMs: performance.now(),
      }));
      await new Promise((resolve) => setTimeout(resolve, 300));
      const sentAtMs = performance.now();
      await call("POST", `${topic}/messages`, { body: { payload: round } });
      const { atMs, body, status } = await waiting;
      expect(status).toBe(200);
      expect(body.messages).toMatchObject([{ payload: round }]);
      tookMs.push(atMs - sentAtMs);
    }
    expect(Math.min(...tookMs)).toBeLessThan(100);
    expect(Math.max(...tookMs)).toBeLessThan(2_000);
  });

  it("ends empty after its wait, with two trips", async ({ expect }) => {
    const topic = await topicWithGroup();
    await poll(topic);
    const startedAtMs = performance.now();
    const polled = await poll(topic, { waitMs: 1_500 });
    expect(polled).toMatchObject({ status: 200, body: { messages: [] } });
    expect(polled.headers.get("Kv-Cost")).toBe("trips=2, requests=2");
    const tookMs = performance.now() - startedAtMs;
    expect(tookMs).toBeGreaterThan(1_450);
    expect(tookMs).toBeLessThan(2_500);
  });
});
