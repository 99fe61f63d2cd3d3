import { runDurableObjectAlarm } from "cloudflare:test";
import { env, exports } from "cloudflare:workers";
import { describe, inject, it } from "vitest";
import { topicKeys } from "../../shared/streams/keys.ts";
import { createHttpCalls } from "./testing/http-calls.ts";

const { call, newName, poll, topicWithGroup } = createHttpCalls(exports.default, inject("apiKey"));

const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

const space = { instance: "test", tenant: "test" };
const DEAD_MS = 31_000;

async function redis(...command: readonly (string | number)[]): Promise<unknown> {
  const { url, token } = inject("redis");
  const reply = await fetch(url, {
    method: "POST",
    headers: { Authorization: `Bearer ${token}` },
    body: JSON.stringify(command),
  });
  const { result } = await reply.json<{ result: unknown }>();
  return result;
}

const monitorOf = (topic: string) => env.STREAM_MONITOR.getByName(`test/test/${topic}`);

async function silence(topic: string, consumer: string): Promise<void> {
  const key = topicKeys(space, topic).group("g").group;
  await redis("HSET", key, `s ${consumer}`, Date.now() - DEAD_MS);
}

describe("the monitor of a topic", () => {
  it("hands the work of a dead consumer to a live one, and forgets the dead", async ({
    expect,
  }) => {
    const topic = await topicWithGroup();
    const messages = [{ payload: 1 }, { payload: 2 }];
    await call("POST", `${topic}/messages`, { body: { messages } });
    await poll(topic);
    await poll(topic, { consumer: "bob" });
    await silence(topic, "ann");
    await wait(1_050);
    expect(await runDurableObjectAlarm(monitorOf(topic))).toBe(true);
    const { body } = await call("GET", `${topic}/groups/g/pending`);
    expect(body.pending).toMatchObject([{ consumer: "bob" }, { consumer: "bob" }]);
    const stats = await call("GET", `${topic}/stats`);
    expect(stats.body.groups[0].consumers).toMatchObject([{ consumer: "bob", pending: 2 }]);
    const again = await poll(topic, { consumer: "bob" });
    expect(again.body.messages).toMatchObject([{ deliveries: 2 }, { deliveries: 2 }]);
  });

  it("leaves a consumer what it holds while that is not due", async ({ expect }) => {
    const topic = await topicWithGroup({ visibilityMs: 60_000 });
    await call("POST", `${topic}/messages`, { body: { payload: 1 } });
    const [message] = (await poll(topic)).body.messages;
    const key = topicKeys(space, topic).group("g").group;
    await redis("HSET", key, "s ann", Date.now() - 4 * 60_000);
    await runDurableObjectAlarm(monitorOf(topic));
    const acked = await call("POST", `${topic}/groups/g/ack`, {
      body: { receipts: [message.receipt] },
    });
    expect(acked.status).toBe(200);
  });

  it("trims what is too old where nobody writes, and nothing unacknowledged", async ({
    expect,
  }) => {
    const topic = newName();
    await call("PUT", topic, { body: { partitions: 1, retentionMs: 300 } });
    await call("POST", `${topic}/messages`, { body: { payload: 1 } });
    await wait(350);
    await runDurableObjectAlarm(monitorOf(topic));
    expect((await call("GET", `${topic}/stats`)).body.length).toBe(0);
    await call("PUT", `${topic}/groups/g`, {
      body: { from: "earliest", visibilityMs: 1_000, maxDeliveries: 3 },
    });
    await call("POST", `${topic}/messages`, { body: { payload: 2 } });
    await wait(350);
    await runDurableObjectAlarm(monitorOf(topic));
    expect((await call("GET", `${topic}/stats`)).body.length).toBe(1);
    const [message] = (await poll(topic)).body.messages;
    await call("POST", `${topic}/groups/g/ack`, { body: { receipts: [message.receipt] } });
    await runDurableObjectAlarm(monitorOf(topic));
    expect((await call("GET", `${topic}/stats`)).body.length).toBe(0);
  });

  it("stops with the topic", async ({ expect }) => {
    const topic = await topicWithGroup();
    await call("DELETE", topic);
    expect(await runDurableObjectAlarm(monitorOf(topic))).toBe(true);
    expect(await runDurableObjectAlarm(monitorOf(topic))).toBe(false);
  });
});
