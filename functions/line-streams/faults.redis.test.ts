import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, beforeEach, describe, it } from "vitest";
import { startTestRedis, type TestRedis } from "../../local/testing/stores.ts";
import { UpstreamError } from "../../shared/kernel/errors.ts";
import { redriveAll } from "./dead-letters.ts";
import { reassign } from "./reassignments.ts";
import { ACK, type Calls, createCalls, nack, told } from "./testing/calls.ts";
import { createStand, type Stand } from "./testing/stand.ts";

let redis: TestRedis;
let stand: Stand;
let calls: Calls;

beforeAll(async () => {
  redis = await startTestRedis();
});

afterAll(() => redis.stop());

beforeEach(() => {
  stand = createStand(redis);
  calls = createCalls(stand);
});

afterEach(() => redis.faults.clear());

const WRITES = { target: "main", command: "EVALSHA" };

async function topicOf(...messages: readonly string[]): Promise<string> {
  const topic = await calls.newTopic();
  await calls.newGroup(topic, { visibilityMs: 10_000 });
  await calls.take(topic);
  if (messages.length > 0) await calls.produce(topic, messages);
  return topic;
}

const FAULTS = {
  "loses its answer": { kind: "drop-response" },
  "loses its request": { kind: "drop-request" },
  "is answered with garbage": { kind: "garbage" },
  "is answered with an error": { kind: "error" },
  "is delivered twice": { kind: "duplicate", delayMs: 0 },
  "is answered too late": { kind: "delay-response", delayMs: 700 },
  "arrives after the second attempt": { kind: "delay", delayMs: 700 },
} as const;

describe("a call whose first attempt goes wrong", () => {
  for (const [what, fault] of Object.entries(FAULTS)) {
    const settled = async () => {
      if ("delayMs" in fault) await sleep(fault.delayMs + 100);
      redis.faults.clear();
    };

    it(`appends once when it ${what}`, async ({ expect }) => {
      const topic = await topicOf();
      redis.faults.add({ ...WRITES, ...fault, count: 1 });
      expect(await calls.produce(topic, ["a"])).toMatchObject({
        kind: "appended",
        isReplay: false,
      });
      await settled();
      expect(told(await calls.take(topic))).toEqual(["a 1"]);
    });

    it(`is handed the same messages, and no others, when it ${what}`, async ({ expect }) => {
      const topic = await topicOf("a", "b", "c");
      redis.faults.add({ ...WRITES, ...fault, count: 1 });
      const first = await calls.take(topic, { max: 2 });
      expect(told(first)).toEqual(["a 1", "b 1"]);
      await settled();
      expect(told(await calls.take(topic))).toEqual(["c 1"]);
      expect(await calls.settle(topic, first, ACK)).toEqual(["ok", "ok"]);
    });

    it(`settles once when it ${what}`, async ({ expect }) => {
      const topic = await topicOf("a", "b");
      const [a, b] = await calls.take(topic);
      if (!a || !b) throw new Error("two messages");
      redis.faults.add({ ...WRITES, ...fault, count: 1 });
      expect(await calls.settle(topic, [a], ACK)).toEqual(["ok"]);
      await settled();
      redis.faults.add({ ...WRITES, ...fault, count: 1 });
      expect(await calls.settle(topic, [b], nack())).toEqual(["ok"]);
      await settled();
      expect(told(await calls.take(topic))).toEqual(["b 2"]);
    });
  }
});

describe("a copy of a poll that comes late", () => {
  it("takes nothing for a consumer that is not listening any more", async ({ expect }) => {
    const copies: (() => Promise<unknown>)[] = [];
    const listening = createStand(redis, {
      wrap: (port) => ({
        command: (args, options) => port.command(args, options),
        script(script, keys, args, options) {
          const { redis: direct } = stand.request();
          copies.push(() => direct.script(script, keys, args));
          return port.script(script, keys, args, options);
        },
      }),
    });
    const { newTopic, newGroup, produce, take } = createCalls(listening);
    const topic = await newTopic();
    await newGroup(topic);
    expect(await take(topic)).toEqual([]);
    const again = copies.at(-1);
    await produce(topic, ["a"]);
    await again?.();
    expect(told(await take(topic, { consumer: "bob" }))).toEqual(["a 1"]);
  });
});

describe("an acknowledgement that is sent again by who never heard the answer", () => {
  it("is answered as the first time, and so is a put-back", async ({ expect }) => {
    const topic = await topicOf("a", "b");
    const [a, b] = await calls.take(topic);
    if (!a || !b) throw new Error("two messages");
    for (let times = 0; times < 2; times += 1) {
      expect(await calls.settle(topic, [a], ACK)).toEqual(["ok"]);
      expect(await calls.settle(topic, [b], nack())).toEqual(["ok"]);
    }
    const again = await calls.take(topic);
    expect(told(again)).toEqual(["b 2"]);
    expect(await calls.settle(topic, [b], nack())).toEqual(["ok"]);
    expect(await calls.settle(topic, again, ACK)).toEqual(["ok"]);
  });
});

describe("a reassignment and a redrive whose answers are lost", () => {
  it("are done once", async ({ expect }) => {
    const topic = await topicOf("a");
    const of = { topic, group: "group" };
    await calls.take(topic);
    redis.faults.add({ ...WRITES, kind: "drop-response", count: 1 });
    const move = { from: "ann", to: "bob", minIdleMs: 0 };
    expect(await reassign(stand.request(), of, move)).toMatchObject({ moved: 1, left: 0 });
    for (let deliveries = 2; deliveries <= 3; deliveries += 1) {
      await calls.settle(topic, await calls.take(topic), nack());
    }
    await calls.take(topic);
    redis.faults.add({ ...WRITES, kind: "drop-response", count: 1 });
    expect(await redriveAll(stand.request(), of)).toEqual({ kind: "redriven", redriven: 1 });
    expect(told(await calls.take(topic))).toEqual(["a 1"]);
  });
});

describe("a store that dies while somebody waits", () => {
  it("is said to be unavailable within the wait", async ({ expect, onTestFinished }) => {
    const own = await startTestRedis();
    onTestFinished(() => own.stop());
    const mortal = createCalls(createStand(own));
    const topic = await mortal.newTopic();
    await mortal.newGroup(topic);
    const startedAtMs = Date.now();
    const waiting = mortal.poll(topic, { waitMs: 3_000 }).then(
      () => null,
      (error: unknown) => error,
    );
    await sleep(500);
    await own.server.kill();
    expect(await waiting).toBeInstanceOf(UpstreamError);
    expect(Date.now() - startedAtMs).toBeLessThan(3_800);
  });
});
