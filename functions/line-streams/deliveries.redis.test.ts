import { setTimeout as sleep } from "node:timers/promises";
import { beforeEach, describe, inject, it } from "vitest";
import { ACK, type Calls, createCalls, extend, nack, payloadsOf, told } from "./testing/calls.ts";
import { createStand, type Stand } from "./testing/stand.ts";

let stand: Stand;
let calls: Calls;

beforeEach(() => {
  stand = createStand(inject("redis"));
  calls = createCalls(stand);
});

/** Beyond the visibility of a test's group. */
const LAPSE_MS = 1_050;

async function topicOf(messages: readonly string[], group = {}): Promise<string> {
  const topic = await calls.newTopic();
  await calls.newGroup(topic, group);
  if (messages.length > 0) await calls.produce(topic, messages);
  return topic;
}

describe("a message", () => {
  it("is handed to one consumer, with what was sent, and not to the next", async ({ expect }) => {
    const topic = await topicOf([]);
    const produced = await calls.produce(topic, [["k", "a"], "b"]);
    expect(produced).toMatchObject({ kind: "appended", isReplay: false, isAwaited: false });
    const messages = await calls.take(topic);
    expect(messages).toMatchObject([
      { partition: 0, key: "k", payload: '"a"', deliveries: 1 },
      { partition: 0, key: null, payload: '"b"', deliveries: 1 },
    ]);
    const places = produced.kind === "appended" ? produced.places : [];
    expect(messages.map(({ partition, streamId }) => ({ partition, streamId }))).toEqual(places);
    expect(await calls.take(topic, { consumer: "bob" })).toEqual([]);
  });

  it("is gone once acknowledged, and its receipt with it", async ({ expect }) => {
    const topic = await topicOf(["a"]);
    const messages = await calls.take(topic);
    expect(await calls.settle(topic, messages, ACK)).toEqual(["ok"]);
    await sleep(LAPSE_MS);
    expect(await calls.take(topic)).toEqual([]);
    expect(await calls.settle(topic, messages, nack())).toEqual(["gone"]);
  });

  it("is handed out again when its consumer is silent, and the first receipt is worth nothing", async ({
    expect,
  }) => {
    const topic = await topicOf(["a"]);
    const first = await calls.take(topic);
    await sleep(LAPSE_MS);
    const second = await calls.take(topic, { consumer: "bob" });
    expect(told(second)).toEqual(["a 2"]);
    for (const settlement of [ACK, nack(), extend(5_000)]) {
      expect(await calls.settle(topic, first, settlement)).toEqual(["stale"]);
    }
    expect(await calls.settle(topic, second, ACK)).toEqual(["ok"]);
  });

  it("is still its consumer's after its time, while nobody has claimed it", async ({ expect }) => {
    const topic = await topicOf(["a"]);
    const messages = await calls.take(topic);
    await sleep(LAPSE_MS);
    expect(await calls.settle(topic, messages, ACK)).toEqual(["ok"]);
  });

  it("put back comes at once or after the delay, and never to the old receipt", async ({
    expect,
  }) => {
    const topic = await topicOf(["a"]);
    const first = await calls.take(topic);
    expect(await calls.settle(topic, first, nack())).toEqual(["ok"]);
    expect(await calls.settle(topic, first, ACK)).toEqual(["stale"]);
    const second = await calls.take(topic);
    expect(told(second)).toEqual(["a 2"]);
    expect(await calls.settle(topic, second, nack(300))).toEqual(["ok"]);
    expect(await calls.take(topic)).toEqual([]);
    await sleep(350);
    expect(told(await calls.take(topic))).toEqual(["a 3"]);
  });

  it("kept longer stays its consumer's, with the same receipt", async ({ expect }) => {
    const topic = await topicOf(["a"]);
    const messages = await calls.take(topic);
    expect(await calls.settle(topic, messages, extend(3_000))).toEqual(["ok"]);
    await sleep(LAPSE_MS);
    expect(await calls.take(topic, { consumer: "bob" })).toEqual([]);
    expect(await calls.settle(topic, messages, ACK)).toEqual(["ok"]);
  });

  it("goes to every group", async ({ expect }) => {
    const topic = await topicOf([]);
    await calls.newGroup(topic, { name: "other" });
    await calls.produce(topic, ["a"]);
    const messages = await calls.take(topic);
    await calls.settle(topic, messages, ACK);
    expect(told(await calls.take(topic, { group: "other" }))).toEqual(["a 1"]);
  });

  it("is not handed out a further time when its deliveries are used up", async ({ expect }) => {
    const topic = await topicOf(["a", "b"], { maxDeliveries: 2 });
    for (const round of [1, 2]) {
      const messages = await calls.take(topic);
      expect(told(messages)).toEqual([`a ${round}`, `b ${round}`]);
      await calls.settle(topic, messages.slice(0, 1), nack());
      await calls.settle(topic, messages.slice(1), round === 1 ? nack() : ACK);
    }
    expect(await calls.take(topic)).toEqual([]);
    const keys = stand.keys(topic).group("group");
    const { redis } = stand.request();
    const letters = await redis.command(["HVALS", keys.letters]);
    expect(JSON.parse(String((letters as string[])[0]))).toMatchObject([
      2,
      expect.any(Number),
      "ann",
      "",
      '"a"',
    ]);
  });
});

describe("what is asked with several receipts", () => {
  it("is answered for each", async ({ expect }) => {
    const topic = await topicOf(["a", "b", "c"]);
    const messages = await calls.take(topic);
    const [a, b, c] = messages;
    if (!a || !b || !c) throw new Error("three messages");
    await calls.settle(topic, [a], ACK);
    const stale = { ...b, nonce: "0".repeat(32) };
    expect(await calls.settle(topic, [a, stale, c, c], ACK)).toEqual(["gone", "stale", "ok", "ok"]);
    const { group } = stand.keys(topic).group("group");
    expect(await stand.request().redis.command(["HGET", group, "c ann"])).toBe("1");
  });
});

describe("an ordered group", () => {
  it("hands out nothing of a partition behind what is unacknowledged", async ({ expect }) => {
    const topic = await topicOf(["a", "b", "c"], { ordered: true, maxDeliveries: 5 });
    const first = await calls.take(topic, { max: 2 });
    expect(payloadsOf(first)).toEqual(["a", "b"]);
    expect(await calls.take(topic, { consumer: "bob" })).toEqual([]);
    await calls.settle(topic, first.slice(0, 1), ACK);
    expect(await calls.take(topic, { consumer: "bob" })).toEqual([]);
    await calls.settle(topic, first.slice(1), ACK);
    expect(payloadsOf(await calls.take(topic, { consumer: "bob" }))).toEqual(["c"]);
  });

  it("puts back what follows a message that is put back, and holds it until that may come", async ({
    expect,
  }) => {
    const topic = await topicOf(["a", "b", "c", "d"], { ordered: true, maxDeliveries: 5 });
    const first = await calls.take(topic, { max: 3 });
    expect(await calls.settle(topic, first.slice(1, 2), nack(300))).toEqual(["ok"]);
    expect(await calls.settle(topic, first.slice(2), ACK)).toEqual(["stale"]);
    expect(await calls.settle(topic, first.slice(0, 1), ACK)).toEqual(["ok"]);
    expect(await calls.take(topic)).toEqual([]);
    await sleep(350);
    expect(told(await calls.take(topic))).toEqual(["b 2", "c 2"]);
  });

  it("gives a message its last try alone, so that it draws no other with it", async ({
    expect,
  }) => {
    const topic = await topicOf(["a", "b", "c"], { ordered: true, maxDeliveries: 2 });
    const first = await calls.take(topic);
    expect(told(first)).toEqual(["a 1", "b 1", "c 1"]);
    await calls.settle(topic, first.slice(0, 1), nack());
    const last = await calls.take(topic);
    expect(told(last)).toEqual(["a 2"]);
    await calls.settle(topic, last, nack());
    const next = await calls.take(topic);
    expect(told(next)).toEqual(["b 2"]);
    await calls.settle(topic, next, ACK);
    expect(told(await calls.take(topic))).toEqual(["c 2"]);
  });
});
