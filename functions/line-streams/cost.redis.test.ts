import { Redis } from "ioredis";
import { afterAll, beforeAll, beforeEach, describe, it } from "vitest";
import { startTestRedis, type TestRedis } from "../../local/testing/stores.ts";
import { readLetters, redriveIds } from "./dead-letters.ts";
import { readPending } from "./pending.ts";
import { reassign, removeConsumer } from "./reassignments.ts";
import { readStats } from "./stats.ts";
import { resume } from "./subscribe.ts";
import { ACK, type Calls, createCalls, extend, nack } from "./testing/calls.ts";
import { createStand, type Stand } from "./testing/stand.ts";
import { storedKeys } from "./testing/stored.ts";

let redis: TestRedis;
let direct: Redis;
let stand: Stand;
let calls: Calls;

beforeAll(async () => {
  redis = await startTestRedis();
  direct = new Redis(redis.port);
});

afterAll(async () => {
  direct.disconnect();
  await redis.stop();
});

beforeEach(() => {
  stand = createStand(redis);
  calls = createCalls(stand);
});

const OF = { group: "group" };

/** Requests that the store's front has seen: its word, not the app's. */
function requests(): number {
  return Object.values(redis.http.counters()).reduce((sum, { requests }) => sum + requests, 0);
}

async function trips(work: () => Promise<unknown>): Promise<number> {
  const before = requests();
  await work();
  return requests() - before;
}

/** Asked by this test, and by redis-http to see which keys XREADGROUP takes. */
const OWN = new Set(["info", "command|getkeys"]);

/** Commands that Redis ran, those inside a script included. */
async function commands(work: () => Promise<unknown>): Promise<number> {
  const count = async () => {
    const stats = await direct.info("commandstats");
    const lines = [...stats.matchAll(/^cmdstat_([^:]+):calls=(\d+)/gm)];
    return lines.reduce((sum, [, name = "", n]) => (OWN.has(name) ? sum : sum + Number(n)), 0);
  };
  const before = await count();
  await work();
  return (await count()) - before;
}

async function topicOf(partitions: number, messages = 3): Promise<string> {
  const topic = await calls.newTopic({ partitions });
  await calls.newGroup(topic);
  const sent = Array.from({ length: messages }, (_, i) => ["k", `${i}`] as const);
  if (messages > 0) await calls.produce(topic, sent);
  return topic;
}

describe("a round trip is all that a warm call takes:", () => {
  const page = { consumer: null, limit: 10, after: null };
  const heard = { claimedAtMs: 0, nonce: "n".repeat(22), unsent: [] };
  const all: Readonly<Record<string, (topic: string) => Promise<unknown>>> = {
    produce: (topic) => calls.produce(topic, ["x"]),
    "produce with a key": (topic) => calls.produce(topic, ["x"], { key: "k" }),
    "produce to eight partitions": (topic) =>
      calls.produce(
        topic,
        Array.from({ length: 100 }, (_, i) => [`k${i}`, "x"] as const),
      ),
    poll: (topic) => calls.take(topic),
    pending: (topic) => readPending(stand.request(), { ...OF, topic }, page),
    reassign: (topic) =>
      reassign(stand.request(), { ...OF, topic }, { from: "ann", to: "bob", minIdleMs: 0 }),
    "a consumer's removal": (topic) => removeConsumer(stand.request(), { ...OF, topic }, "ann"),
    "dead letters": (topic) =>
      readLetters(stand.request(), { ...OF, topic }, { limit: 10, after: null }),
    redrive: (topic) => redriveIds(stand.request(), { ...OF, topic }, ["1-1-1"]),
    resume: (topic) => resume(stand.request(), { ...OF, topic, consumer: "ann" }, heard),
  };
  for (const [name, call] of Object.entries(all)) {
    it(name, async ({ expect }) => {
      // The first call of a script sends its source.
      await call(await topicOf(8));
      const topic = await topicOf(8);
      await calls.take(topic, { max: 1 });
      expect(await trips(() => call(topic))).toBe(1);
    });
  }

  it("ack, nack and extend", async ({ expect }) => {
    const topic = await topicOf(8);
    const held = await calls.take(topic);
    await calls.settle(topic, held.slice(0, 1), extend(2_000));
    for (const [which, settlement] of [extend(2_000), nack(), ACK].entries()) {
      const some = held.slice(which, which + 1);
      expect(await trips(() => calls.settle(topic, some, settlement))).toBe(1);
    }
  });

  it("and two for stats, one of which finds out what groups there are", async ({ expect }) => {
    const topic = await topicOf(8);
    await readStats(stand.request(), topic);
    expect(await trips(() => readStats(stand.request(), topic))).toBe(2);
  });

  it("and one for each eight partitions of a poll that finds nothing", async ({ expect }) => {
    const topic = await calls.newTopic({ partitions: 20 });
    await calls.newGroup(topic);
    await calls.take(topic);
    expect(await trips(() => calls.take(topic))).toBe(3);
  });
});

describe("a wait", () => {
  it("in which nothing happens takes two trips, also when the object knew nothing", async ({
    expect,
  }) => {
    const topic = await topicOf(4, 0);
    await calls.take(topic);
    stand.forgetWaiters();
    expect(await trips(() => calls.take(topic, { waitMs: 1_200 }))).toBe(2);
  });

  it("of 200 takes no trip and little memory while nothing happens", async ({ expect }) => {
    const topic = await calls.newTopic({ partitions: 4 });
    await calls.newGroup(topic, { visibilityMs: 60_000 });
    await calls.take(topic);
    globalThis.gc?.();
    const beforeBytes = process.memoryUsage().heapUsed;
    const waits = Array.from({ length: 200 }, (_, i) =>
      calls.take(topic, { consumer: `c${i}`, waitMs: 10_000 }),
    );
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    const before = requests();
    await new Promise((resolve) => setTimeout(resolve, 5_000));
    expect(requests() - before).toBe(0);
    expect(process.memoryUsage().heapUsed - beforeBytes).toBeLessThan(40 * 2 ** 20);
    await calls.produce(topic, ["x"]);
    const found = (await Promise.all(waits)).flat();
    expect(found.length).toBe(1);
  });
});

describe("the commands that Redis runs", () => {
  it("are as few as the README says", async ({ expect }) => {
    const topic = await topicOf(4, 0);
    const round = async () => {
      const spent: Record<string, number> = {};
      spent["produce"] = await commands(() => calls.produce(topic, [["k", "x"]]));
      let held: Awaited<ReturnType<Calls["take"]>> = [];
      spent["poll"] = await commands(async () => {
        held = await calls.take(topic);
      });
      spent["ack"] = await commands(() => calls.settle(topic, held, ACK));
      spent["empty poll"] = await commands(() => calls.take(topic));
      return spent;
    };
    await round();
    expect(await round()).toEqual({ produce: 7, poll: 17, ack: 10, "empty poll": 14 });
  });
});

describe("what stays in the store", () => {
  it("has no TTL but answers, each until no copy of its call can arrive", async ({ expect }) => {
    const topic = await calls.newTopic();
    await calls.newGroup(topic, { maxDeliveries: 1 });
    const deadlineMs = 2_000;
    await calls.produce(topic, ["a", "b"], { deadlineMs, key: "k" });
    const [a, b] = await calls.take(topic, { deadlineMs });
    if (!a || !b) throw new Error("two messages");
    await calls.settle(topic, [a], extend(2_000));
    await calls.settle(topic, [a], ACK);
    await calls.settle(topic, [b], nack());
    await calls.take(topic, { deadlineMs });
    await removeConsumer(stand.request({ deadlineMs }), { ...OF, topic }, "ann");
    await redriveIds(stand.request({ deadlineMs }), { ...OF, topic }, ["1-1-0"]);
    for (const [key, ttlMs] of await storedKeys(stand)) {
      if (key.includes(":operation:caller-")) expect(ttlMs, key).toBeGreaterThan(86_000_000);
      else if (key.includes(":operation:settle-")) expect(ttlMs, key).toBeGreaterThan(25_000);
      else if (key.includes(":operation:worker-")) expect(ttlMs, key).toBeGreaterThan(0);
      else expect(ttlMs, key).toBe(-1);
      expect(ttlMs, key).toBeLessThan(86_410_000);
    }
  });
});
