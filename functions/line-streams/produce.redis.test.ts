import { setTimeout as sleep } from "node:timers/promises";
import { beforeEach, describe, inject, it } from "vitest";
import type { RedisPort } from "../../shared/redis/port.ts";
import { ACK, type Calls, createCalls, payloadsOf } from "./testing/calls.ts";
import { createStand, type Stand } from "./testing/stand.ts";
import { putTopic } from "./topics.ts";

let stand: Stand;
let calls: Calls;

beforeEach(() => {
  stand = createStand(inject("redis"));
  calls = createCalls(stand);
});

const numbered = (count: number, from = 0) =>
  Array.from({ length: count }, (_, i) => `${from + i}`);

async function lengthOf(topic: string, partition = 0): Promise<number> {
  return Number(await stand.request().redis.command(["XLEN", stand.keys(topic).stream(partition)]));
}

describe("a batch", () => {
  it("is appended in order, each key to one partition", async ({ expect }) => {
    const topic = await calls.newTopic({ partitions: 8 });
    await calls.newGroup(topic);
    const sent = Array.from({ length: 60 }, (_, i) => [`k${i % 6}`, `${i}`] as const);
    await calls.produce(topic, sent);
    const partitions = new Map<string, Set<number>>();
    const payloads = new Map<string, string[]>();
    for (const { key, partition, payload } of await calls.take(topic)) {
      partitions.set(key ?? "", (partitions.get(key ?? "") ?? new Set()).add(partition));
      payloads.set(key ?? "", [...(payloads.get(key ?? "") ?? []), JSON.parse(payload)]);
    }
    for (let k = 0; k < 6; k += 1) {
      expect(partitions.get(`k${k}`)?.size).toBe(1);
      const wanted = sent.filter(([key]) => key === `k${k}`).map(([, payload]) => payload);
      expect(payloads.get(`k${k}`)).toEqual(wanted);
    }
    expect(new Set([...partitions.values()].flatMap((of) => [...of])).size).toBeGreaterThan(2);
  });

  it("is appended whole or not at all", async ({ expect }) => {
    const topic = await calls.newTopic({ partitions: 2, maxLength: 16 });
    await calls.newGroup(topic);
    const keys = ["a", "b", "c", "d", "e"];
    const sent = keys.flatMap((key) => numbered(3).map((text) => [key, text] as const));
    expect(await calls.produce(topic, sent)).toMatchObject({ kind: "appended" });
    const lengths = [await lengthOf(topic, 0), await lengthOf(topic, 1)];
    expect(await calls.produce(topic, [["a", "x"]])).toMatchObject({ kind: "appended" });
    expect(Math.min(...lengths)).toBeGreaterThan(0);
    expect(await calls.produce(topic, sent)).toEqual({ kind: "backlog_full" });
    const after = [await lengthOf(topic, 0), await lengthOf(topic, 1)];
    expect((after[0] ?? 0) + (after[1] ?? 0)).toBe(16);
  });

  it("is refused for good when it is more than its partition may ever hold", async ({ expect }) => {
    const topic = await calls.newTopic({ maxLength: 5 });
    expect(await calls.produce(topic, numbered(6))).toEqual({ kind: "beyond_length" });
    expect(await calls.produce(topic, numbered(6), { key: "k" })).toEqual({
      kind: "beyond_length",
    });
    expect(await lengthOf(topic)).toBe(0);
    expect(await calls.produce(topic, numbered(5))).toMatchObject({ kind: "appended" });
  });
});

describe("an idempotency key", () => {
  it("makes a repeat append nothing and answer as the first time", async ({ expect }) => {
    const topic = await calls.newTopic();
    const first = await calls.produce(topic, ["a"], { key: "k" });
    const again = await calls.produce(topic, ["a"], { key: "k" });
    expect(again).toEqual({ ...first, isReplay: true, isAwaited: true });
    expect(await calls.produce(topic, ["b"], { key: "k" })).toEqual({
      kind: "idempotency_mismatch",
    });
    expect(await lengthOf(topic)).toBe(1);
  });

  it("does not make a refusal last", async ({ expect }) => {
    const topic = await calls.newTopic({ maxLength: 1 });
    await calls.newGroup(topic);
    await calls.produce(topic, ["a"]);
    expect(await calls.produce(topic, ["b"], { key: "k" })).toEqual({ kind: "backlog_full" });
    await calls.settle(topic, await calls.take(topic), ACK);
    expect(await calls.produce(topic, ["b"], { key: "k" })).toMatchObject({ kind: "appended" });
  });

  it("leaves nothing to a copy of a refused request that arrives behind another refusal", async ({
    expect,
  }) => {
    const sent: (() => Promise<unknown>)[] = [];
    const wrap = (port: RedisPort): RedisPort => ({
      ...port,
      command: (...args) => port.command(...args),
      script(...args) {
        sent.push(() => port.script(...args));
        return port.script(...args);
      },
    });
    const copied = createCalls(createStand(inject("redis"), { wrap, instance: stand.instance }));
    const topic = await calls.newTopic({ maxLength: 1 });
    await calls.newGroup(topic);
    await calls.produce(topic, ["a"]);
    for (let times = 0; times < 3; times += 1) {
      expect((await copied.produce(topic, ["b"], { key: "k" })).kind).toBe("backlog_full");
    }
    await calls.settle(topic, await calls.take(topic), ACK);
    expect(sent.length).toBe(3);
    for (const copy of sent) expect(await copy()).toEqual(["answer", "backlog_full", 0, 1]);
    expect(await copied.produce(topic, ["b"], { key: "k" })).toMatchObject({ kind: "appended" });
    for (const copy of sent) await copy();
    expect(payloadsOf(await calls.take(topic))).toEqual(["b"]);
  });
});

describe("a topic with a bound on its length", () => {
  it("forgets the oldest while no group needs them", async ({ expect }) => {
    const topic = await calls.newTopic({ maxLength: 10 });
    for (let from = 0; from < 30; from += 7) await calls.produce(topic, numbered(7, from));
    expect(await lengthOf(topic)).toBe(10);
    await calls.newGroup(topic);
    expect(payloadsOf(await calls.take(topic))).toEqual(numbered(10, 25));
  });

  it("refuses rather than to forget what some group has not had acknowledged", async ({
    expect,
  }) => {
    const topic = await calls.newTopic({ maxLength: 4 });
    await calls.newGroup(topic);
    await calls.newGroup(topic, { name: "slow" });
    await calls.produce(topic, numbered(4));
    const messages = await calls.take(topic);
    expect(await calls.produce(topic, ["x"])).toEqual({ kind: "backlog_full" });
    await calls.settle(topic, messages, ACK);
    expect(await calls.produce(topic, ["x"])).toEqual({ kind: "backlog_full" });
    const slow = await calls.take(topic, { group: "slow" });
    await calls.settle(
      topic,
      [slow[0], slow[2]].flatMap((one) => one ?? []),
      ACK,
      "slow",
    );
    expect(await calls.produce(topic, ["x"])).toMatchObject({ kind: "appended" });
    expect(await calls.produce(topic, ["y"])).toEqual({ kind: "backlog_full" });
    await sleep(1_050);
    expect(payloadsOf(await calls.take(topic, { group: "slow" }))).toEqual(["1", "3", "x"]);
  });

  it("forgets only what comes before the first that is needed", async ({ expect }) => {
    const topic = await calls.newTopic({ maxLength: 4 });
    await calls.newGroup(topic);
    await calls.produce(topic, numbered(4));
    const messages = await calls.take(topic);
    await calls.settle(topic, messages.slice(0, 1), ACK);
    expect(await calls.produce(topic, ["x", "y"])).toEqual({ kind: "backlog_full" });
    expect(await lengthOf(topic)).toBe(3);
    await sleep(1_050);
    expect(payloadsOf(await calls.take(topic))).toEqual(["1", "2", "3"]);
  });

  it("that is lowered is met bit by bit, by what producers trim", async ({ expect }) => {
    const topic = await calls.newTopic();
    for (let i = 0; i < 5; i += 1) await calls.produce(topic, numbered(100));
    const definition = { partitions: 1, maxLength: 10, retentionMs: null };
    expect((await putTopic(stand.request(), topic, definition)).kind).toBe("changed");
    const lengths: number[] = [];
    for (let i = 0; i < 4; i += 1) {
      await calls.produce(topic, ["x"]);
      lengths.push(await lengthOf(topic));
    }
    expect(lengths).toEqual([301, 102, 10, 10]);
  });
});

describe("a topic with a retention", () => {
  it("forgets what is older, but not what is unacknowledged", async ({ expect }) => {
    const topic = await calls.newTopic({ retentionMs: 300 });
    await calls.produce(topic, ["old"]);
    await sleep(350);
    await calls.newGroup(topic, { from: "latest" });
    await calls.produce(topic, ["held"]);
    expect(await lengthOf(topic)).toBe(1);
    const held = await calls.take(topic);
    await sleep(350);
    await calls.produce(topic, ["new"]);
    expect(await lengthOf(topic)).toBe(2);
    await calls.settle(topic, held, ACK);
    await calls.produce(topic, ["newer"]);
    expect(await lengthOf(topic)).toBe(2);
  });
});

describe("a long topic", () => {
  it("costs no more than a short one", async ({ expect }) => {
    const { redis } = stand.request();
    const timeOf = async (topic: string) => {
      await calls.produce(topic, numbered(10));
      const before = await usedCpuUs();
      for (let i = 0; i < 50; i += 1) {
        await calls.produce(topic, ["x"]);
        await calls.settle(topic, await calls.take(topic, { max: 2 }), ACK);
      }
      return (await usedCpuUs()) - before;
    };
    /** Of all scripts, by the store's own count. */
    const usedCpuUs = async () => {
      const stats = String(await redis.command(["INFO", "commandstats"]));
      return Number(/cmdstat_evalsha:calls=\d+,usec=(\d+)/.exec(stats)?.[1]);
    };
    const [short, long] = [await calls.newTopic(), await calls.newTopic()];
    for (const topic of [short, long]) await calls.newGroup(topic);
    const fill = `for i = 1, ARGV[1] do redis.call('XADD', KEYS[1], '*', 'p', '"x"', 'k', '') end`;
    await redis.command(["EVAL", fill, 1, stand.keys(long).stream(0), 100_000], {
      timeoutMs: 10_000,
    });
    const [first, second] = [await timeOf(short), await timeOf(long)];
    expect(second / first).toBeLessThan(3);
  });
});
