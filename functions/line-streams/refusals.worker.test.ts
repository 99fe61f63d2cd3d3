import { exports } from "cloudflare:workers";
import { describe, inject, it } from "vitest";
import { createHttpCalls } from "./testing/http-calls.ts";

const { call, newName, poll, topicWithGroup } = createHttpCalls(exports.default, inject("apiKey"));

const LIMITED = { retryable: true, outcome: "not_applied", retryAfterMs: 1_000 };

describe("a refusal says what to do:", () => {
  it("a backlog that is full", async ({ expect }) => {
    const topic = newName();
    await call("PUT", topic, { body: { partitions: 1, maxLength: 1 } });
    const group = { from: "earliest", visibilityMs: 1_000, maxDeliveries: 3 };
    await call("PUT", `${topic}/groups/g`, { body: group });
    await call("POST", `${topic}/messages`, { body: { payload: 1 } });
    const full = await call("POST", `${topic}/messages`, { body: { payload: 2 } });
    expect(full).toMatchObject({ status: 429, body: { code: "backlog_full", ...LIMITED } });
    expect(full.headers.get("Retry-After")).toBe("1");
  });

  it("a batch that is more than its partition may ever hold", async ({ expect }) => {
    const topic = newName();
    await call("PUT", topic, { body: { partitions: 1, maxLength: 1 } });
    const messages = [{ payload: 1 }, { payload: 2 }];
    expect(await call("POST", `${topic}/messages`, { body: { messages } })).toMatchObject({
      status: 413,
      body: { code: "too_large", retryable: false, outcome: "not_applied" },
    });
    expect((await call("GET", `${topic}/stats`)).body.length).toBe(0);
  });

  it("a consumer that holds as much as it may", async ({ expect }) => {
    const topic = await topicWithGroup({ visibilityMs: 60_000 });
    const messages = Array.from({ length: 100 }, (_, i) => ({ key: `k${i}`, payload: i }));
    for (let i = 0; i < 11; i += 1) await call("POST", `${topic}/messages`, { body: { messages } });
    let held = 0;
    for (let polls = 0; polls < 20 && held < 1_000; polls += 1) {
      held += (await poll(topic)).body.messages.length;
    }
    expect(held).toBe(1_000);
    const full = await poll(topic, { waitMs: 1_000 });
    expect(full).toMatchObject({ status: 429, body: { code: "too_many_pending", ...LIMITED } });
  });

  it("a group that exists otherwise", async ({ expect }) => {
    const topic = await topicWithGroup();
    const body = { from: "latest", visibilityMs: 2_000, maxDeliveries: 3, ordered: true };
    expect(await call("PUT", `${topic}/groups/g`, { body })).toMatchObject({
      status: 409,
      body: {
        code: "group_differs",
        outcome: "not_applied",
        errors: [
          { at: "body.from", message: 'is "earliest" on the group' },
          { at: "body.visibilityMs", message: "is 1000 on the group" },
          { at: "body.ordered", message: "is false on the group" },
        ],
      },
    });
  });

  it("numbers at and beyond their bounds", async ({ expect }) => {
    const topic = newName();
    const statusOf = async (path: string, body: object) =>
      (await call("PUT", path, { body })).status;
    const bounds: readonly [object, number][] = [
      [{ partitions: 65 }, 400],
      [{ partitions: 0 }, 400],
      [{ partitions: 64, maxLength: 10_000_001 }, 400],
      [{ partitions: 64, extra: 1 }, 400],
      [{ partitions: 64, maxLength: 10_000_000 }, 201],
    ];
    for (const [body, status] of bounds) expect(await statusOf(topic, body)).toBe(status);
    const group = { from: "earliest", visibilityMs: 1_000, maxDeliveries: 1 };
    const groups: readonly [object, number][] = [
      [{ visibilityMs: 999 }, 400],
      [{ visibilityMs: 3_600_001 }, 400],
      [{ maxDeliveries: 0 }, 400],
      [{ maxDeliveries: 101 }, 400],
      [{ from: "yesterday" }, 400],
      [{ from: "1795400000000-0-1", visibilityMs: 3_600_000, maxDeliveries: 100 }, 201],
    ];
    for (const [change, status] of groups) {
      expect(await statusOf(`${topic}/groups/g`, { ...group, ...change })).toBe(status);
    }
    const polls: readonly [object, number][] = [
      [{ max: 0 }, 400],
      [{ max: 101 }, 400],
      [{ waitMs: 20_001 }, 400],
      [{ consumer: "a b" }, 400],
      [{ max: 100 }, 200],
    ];
    for (const [change, status] of polls) expect((await poll(topic, change)).status).toBe(status);
    const key = (length: number) => ({ key: "k".repeat(length), payload: 1 });
    expect((await call("POST", `${topic}/messages`, { body: key(512) })).status).toBe(201);
    expect((await call("POST", `${topic}/messages`, { body: key(513) })).status).toBe(400);
    expect(await poll(topic, { consumer: "." })).toMatchObject({ body: { code: "bad_name" } });
  });
});
