import { exports } from "cloudflare:workers";
import { describe, inject, it } from "vitest";
import { createHttpCalls } from "./testing/http-calls.ts";

const { call, newName, poll, topicWithGroup } = createHttpCalls(exports.default, inject("apiKey"));

const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

async function produce(topic: string, payloads: readonly unknown[]): Promise<string[]> {
  const messages = payloads.map((payload) => ({ key: "k", payload }));
  const { body } = await call("POST", `${topic}/messages`, { body: { messages } });
  return body.results.map(({ id }: { id: string }) => id);
}

describe("what is pending", () => {
  it("is listed page by page, of all or of one consumer", async ({ expect }) => {
    const topic = await topicWithGroup();
    const ids = await produce(topic, [1, 2, 3]);
    await poll(topic, { max: 2 });
    await poll(topic, { consumer: "bob" });
    const path = `${topic}/groups/g/pending`;
    const all = await call("GET", path);
    expect(all.body).toEqual({
      pending: ids.map((id, which) => ({
        id,
        partition: expect.any(Number),
        consumer: which < 2 ? "ann" : "bob",
        deliveries: 1,
        idleMs: expect.any(Number),
      })),
      cursor: null,
    });
    const first = await call("GET", `${path}?limit=2`);
    expect(first.body.pending.length).toBe(2);
    const rest = await call("GET", `${path}?limit=2&cursor=${first.body.cursor}`);
    expect(rest.body).toMatchObject({ pending: [{ id: ids[2] }], cursor: null });
    const bobs = await call("GET", `${path}?consumer=bob`);
    expect(bobs.body.pending).toMatchObject([{ id: ids[2], consumer: "bob" }]);
    expect(await call("GET", `${path}?cursor=x`)).toMatchObject({
      status: 400,
      body: { code: "bad_cursor" },
    });
  });

  it("is moved to another consumer, and the first one's receipts are stale", async ({ expect }) => {
    const topic = await topicWithGroup({ visibilityMs: 60_000 });
    await produce(topic, [1, 2]);
    const held = (await poll(topic)).body.messages;
    const path = `${topic}/groups/g`;
    const body = { from: "ann", to: "bob" };
    expect(
      (await call("POST", `${path}/reassign`, { body: { ...body, minIdleMs: 5_000 } })).body,
    ).toEqual({ moved: 0 });
    const moved = await call("POST", `${path}/reassign`, { body });
    expect(moved).toMatchObject({ status: 200, body: { moved: 2 } });
    const receipts = held.map(({ receipt }: { receipt: string }) => receipt);
    expect(await call("POST", `${path}/ack`, { body: { receipts } })).toMatchObject({
      status: 409,
      body: {
        code: "stale_receipt",
        outcome: "not_applied",
        errors: [{ message: "stale" }, { message: "stale" }],
      },
    });
    const again = await poll(topic, { consumer: "bob" });
    expect(again.body.messages).toMatchObject([{ deliveries: 2 }, { deliveries: 2 }]);
  });

  it("comes back at once when its consumer is removed", async ({ expect }) => {
    const topic = await topicWithGroup({ visibilityMs: 60_000 });
    await produce(topic, [1, 2]);
    await poll(topic);
    const path = `${topic}/groups/g/consumers/ann`;
    expect(await call("DELETE", path)).toMatchObject({ status: 200, body: { transferred: 2 } });
    expect(await call("DELETE", path)).toMatchObject({ status: 200, body: { transferred: 0 } });
    const pending = await call("GET", `${topic}/groups/g/pending`);
    expect(pending.body.pending).toMatchObject([{ consumer: null }, { consumer: null }]);
    const again = await poll(topic, { consumer: "bob" });
    expect(again.body.messages).toMatchObject([{ deliveries: 2 }, { deliveries: 2 }]);
    const stats = await call("GET", `${topic}/stats`);
    expect(stats.body.groups[0].consumers).toMatchObject([{ consumer: "bob", pending: 2 }]);
  });
});

describe("a topic's stats", () => {
  it("say how far each group has come", async ({ expect }) => {
    const topic = await topicWithGroup();
    const second = { from: "latest", visibilityMs: 1_000, maxDeliveries: 1 };
    await call("PUT", `${topic}/groups/a`, { body: second });
    await produce(topic, [1, 2, 3]);
    await poll(topic, { max: 2 });
    await call("GET", `${topic}/stats`);
    const stats = await call("GET", `${topic}/stats`);
    expect(stats.headers.get("Kv-Cost")).toBe("trips=2, requests=2");
    expect(stats.body).toMatchObject({
      length: 3,
      groups: [
        { group: "a", lag: 3, pending: 0, oldestPendingMs: null, dead: 0, consumers: [] },
        {
          group: "g",
          lag: 1,
          pending: 2,
          oldestPendingMs: expect.any(Number),
          dead: 0,
          consumers: [{ consumer: "ann", pending: 2, alive: true }],
        },
      ],
    });
    expect(stats.body.partitions.sort()).toEqual([0, 3]);
    expect(await call("GET", `${newName()}/stats`)).toMatchObject({ status: 404 });
  });
});

describe("dead letters", () => {
  it("are listed page by page, and redriven to their group only", async ({ expect }) => {
    const topic = await topicWithGroup({ maxDeliveries: 1 });
    await call("PUT", `${topic}/groups/other`, {
      body: { from: "earliest", visibilityMs: 1_000, maxDeliveries: 1 },
    });
    const ids = await produce(topic, ["a", { b: 1 }, "c"]);
    await poll(topic);
    await wait(1_050);
    expect((await poll(topic)).body.messages).toEqual([]);
    const path = `${topic}/groups/g/dead-letters`;
    const first = await call("GET", `${path}?limit=2`);
    expect(first.body.deadLetters).toEqual(
      [
        { id: ids[0], payload: "a" },
        { id: ids[1], payload: { b: 1 } },
      ].map((letter) => ({
        ...letter,
        partition: expect.any(Number),
        key: "k",
        deliveries: 1,
        consumer: "ann",
        cause: "max_deliveries",
        producedAt: expect.any(Number),
        diedAt: expect.any(Number),
      })),
    );
    const rest = await call("GET", `${path}?limit=2&cursor=${first.body.cursor}`);
    expect(rest.body).toMatchObject({ deadLetters: [{ id: ids[2] }], cursor: null });
    const one = await call("POST", `${path}/redrive`, { body: { ids: [ids[1], "1-1-1"] } });
    expect(one).toMatchObject({ status: 200, body: { redriven: 1 } });
    const all = await call("POST", `${path}/redrive`, { body: {} });
    expect(all).toMatchObject({ status: 200, body: { redriven: 2 } });
    const again = await poll(topic);
    expect(
      again.body.messages.map(
        ({ payload, deliveries }: { payload: unknown; deliveries: number }) => [
          payload,
          deliveries,
        ],
      ),
    ).toEqual([
      [{ b: 1 }, 1],
      ["a", 1],
      ["c", 1],
    ]);
    const other = await call("POST", `${topic}/groups/other/poll`, {
      body: { consumer: "x", max: 100, waitMs: 0 },
    });
    expect(other.body.messages.length).toBe(3);
    expect((await call("GET", path)).body).toEqual({ deadLetters: [], cursor: null });
  });
});

describe("what is deleted", () => {
  it("is gone with all that it had", async ({ expect }) => {
    const topic = await topicWithGroup();
    await produce(topic, [1]);
    await poll(topic);
    expect(await call("DELETE", `${topic}/groups/g`)).toMatchObject({ status: 204, body: null });
    expect(await poll(topic)).toMatchObject({ status: 404 });
    expect(await call("DELETE", `${topic}/groups/g`)).toMatchObject({ status: 204 });
    await call("PUT", `${topic}/groups/g`, {
      body: { from: "earliest", visibilityMs: 1_000, maxDeliveries: 3 },
    });
    expect((await poll(topic)).body.messages).toMatchObject([{ deliveries: 1 }]);
    expect(await call("DELETE", topic)).toMatchObject({ status: 204, body: null });
    expect(await call("GET", topic)).toMatchObject({ status: 404 });
    expect(await call("GET", `${topic}/groups/g`)).toMatchObject({ status: 404 });
    expect(await call("DELETE", topic)).toMatchObject({ status: 204 });
  });
});
