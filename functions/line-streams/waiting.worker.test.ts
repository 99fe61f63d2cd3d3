import { exports } from "cloudflare:workers";
import { describe, inject, it } from "vitest";
import { createHttpCalls } from "./testing/http-calls.ts";

const KEY = inject("apiKey");
const { call, poll, topicWithGroup } = createHttpCalls(exports.default, KEY);

const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

const receiptsOf = (polled: { body: { messages: { receipt: string }[] } }) =>
  polled.body.messages.map(({ receipt }) => receipt);

describe("polls that wait together", () => {
  it("share what comes: each message goes to one, and as many wake as are needed", async ({
    expect,
  }) => {
    const topic = await topicWithGroup({ visibilityMs: 60_000 });
    const polls = Array.from({ length: 20 }, (_, i) =>
      poll(topic, { consumer: `c${i}`, max: 2, waitMs: 3_000 }),
    );
    await wait(500);
    const messages = Array.from({ length: 10 }, (_, i) => ({ key: `k${i}`, payload: i }));
    const startedAtMs = performance.now();
    await call("POST", `${topic}/messages`, { body: { messages } });
    const first = await Promise.race(polls);
    expect(first.body.messages.length).toBe(2);
    expect(performance.now() - startedAtMs).toBeLessThan(1_000);
    const all = (await Promise.all(polls)).flatMap(({ body }) => body.messages);
    expect(all.map(({ payload }) => payload).sort()).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(all.every(({ deliveries }) => deliveries === 1)).toBe(true);
  });

  it("hear of what comes due: after a delay, by a dead consumer, from a removed one", async ({
    expect,
  }) => {
    const topic = await topicWithGroup();
    const path = `${topic}/groups/g`;
    await call("POST", `${topic}/messages`, { body: { payload: 1 } });
    const held = await poll(topic);
    const waiting = poll(topic, { consumer: "bob", waitMs: 5_000 });
    await wait(200);
    let startedAtMs = performance.now();
    const nack = { receipts: receiptsOf(held), delayMs: 400 };
    expect((await call("POST", `${path}/nack`, { body: nack })).status).toBe(200);
    const delayed = await waiting;
    expect(delayed.body.messages).toMatchObject([{ deliveries: 2 }]);
    expect(performance.now() - startedAtMs).toBeGreaterThan(390);
    expect(performance.now() - startedAtMs).toBeLessThan(1_400);

    startedAtMs = performance.now();
    const died = await poll(topic, { consumer: "cid", waitMs: 5_000 });
    expect(died.body.messages).toMatchObject([{ deliveries: 3 }]);
    expect(performance.now() - startedAtMs).toBeLessThan(2_500);

    await call("POST", `${path}/ack`, { body: { receipts: receiptsOf(died) } });
    await call("POST", `${topic}/messages`, { body: { payload: 2 } });
    await poll(topic, { consumer: "dan" });
    const last = poll(topic, { consumer: "eve", waitMs: 5_000 });
    await wait(200);
    startedAtMs = performance.now();
    await call("DELETE", `${path}/consumers/dan`);
    expect((await last).body.messages).toMatchObject([{ deliveries: 2 }]);
    expect(performance.now() - startedAtMs).toBeLessThan(1_000);
  });
});

describe("a client that is gone while it waits", () => {
  it("holds nothing: what comes goes to who still waits", async ({ expect }) => {
    const topic = await topicWithGroup({ visibilityMs: 60_000 });
    const gone = new AbortController();
    const left = exports.default
      .fetch(`http://worker/line-streams/topics/${topic}/groups/g/poll`, {
        method: "POST",
        headers: { Authorization: `Bearer ${KEY}`, "Content-Type": "application/json" },
        body: JSON.stringify({ consumer: "ann", max: 10, waitMs: 5_000 }),
        signal: gone.signal,
      })
      .catch(() => null);
    await wait(300);
    const waiting = poll(topic, { consumer: "bob", waitMs: 5_000 });
    await wait(300);
    gone.abort();
    await left;
    await wait(100);
    const startedAtMs = performance.now();
    await call("POST", `${topic}/messages`, { body: { payload: 1 } });
    const { body } = await waiting;
    expect(body.messages).toMatchObject([{ payload: 1 }]);
    expect(performance.now() - startedAtMs).toBeLessThan(1_000);
  });
});
