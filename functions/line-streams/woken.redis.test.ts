import { setTimeout as sleep } from "node:timers/promises";
import { beforeEach, describe, inject, it } from "vitest";
import { removeTopic } from "./removal.ts";
import { ACK, type Calls, createCalls, payloadsOf } from "./testing/calls.ts";
import { createStand, type Stand } from "./testing/stand.ts";

let stand: Stand;
let calls: Calls;

beforeEach(() => {
  stand = createStand(inject("redis"));
  calls = createCalls(stand);
});

/** Long enough for a poll that waits to have looked once. */
const LOOKED_MS = 300;
/** Far less than the rest of a wait, which ends with a look as well. */
const AT_ONCE_MS = 1_000;
const WAIT_MS = 5_000;

async function elapsedMs(work: () => Promise<unknown>): Promise<number> {
  const startedAtMs = Date.now();
  await work();
  return Date.now() - startedAtMs;
}

const GROUP = { visibilityMs: 60_000 };

describe("who waits is woken", () => {
  it("by an acknowledgement that makes way in an ordered group", async ({ expect }) => {
    const topic = await calls.newTopic();
    await calls.newGroup(topic, { ...GROUP, ordered: true });
    await calls.produce(topic, ["a", "b"]);
    const first = await calls.take(topic, { max: 1 });
    const waiting = calls.take(topic, { consumer: "bob", waitMs: WAIT_MS });
    await sleep(LOOKED_MS);
    const ms = await elapsedMs(async () => {
      await calls.settle(topic, first, ACK);
      expect(payloadsOf(await waiting)).toEqual(["b"]);
    });
    expect(ms).toBeLessThan(AT_ONCE_MS);
  });

  it("for what stands in partitions that the first one woken did not come to", async ({
    expect,
  }) => {
    const topic = await calls.newTopic({ partitions: 64 });
    await calls.newGroup(topic, GROUP);
    const waits = ["ann", "bob"].map((consumer) =>
      calls.take(topic, { consumer, waitMs: WAIT_MS }),
    );
    await sleep(LOOKED_MS);
    const keys = Array.from({ length: 40 }, (_, i) => [`key ${i}`, `${i}`] as const);
    const ms = await elapsedMs(async () => {
      await calls.produce(topic, keys);
      for (const messages of await Promise.all(waits)) expect(messages.length).toBeGreaterThan(0);
    });
    expect(ms).toBeLessThan(AT_ONCE_MS);
  });

  it("for what the first one woken had no room for", async ({ expect }) => {
    const topic = await calls.newTopic();
    await calls.newGroup(topic, GROUP);
    const { redis } = stand.request();
    const waits = ["ann", "bob"].map((consumer) =>
      calls.take(topic, { consumer, waitMs: WAIT_MS }),
    );
    await sleep(LOOKED_MS);
    await redis.command(["HSET", stand.keys(topic).group("group").group, "c ann", 999]);
    const ms = await elapsedMs(async () => {
      await calls.produce(topic, ["a", "b", "c"]);
      const lengths = (await Promise.all(waits)).map((messages) => messages.length);
      expect(lengths).toEqual([1, 2]);
    });
    expect(ms).toBeLessThan(AT_ONCE_MS);
  });

  it("after the topic and the group were deleted and made again", async ({ expect }) => {
    const topic = await calls.newTopic();
    await calls.newGroup(topic, GROUP);
    const waiting = calls.take(topic, { waitMs: WAIT_MS });
    await sleep(LOOKED_MS);
    await removeTopic(stand.request(), topic);
    const ms = await elapsedMs(async () => {
      await calls.produce(topic, ["old"]);
      await calls.newGroup(topic, { ...GROUP, from: "latest" });
      await calls.produce(topic, ["new"]);
      expect(payloadsOf(await waiting)).toEqual(["new"]);
    });
    expect(ms).toBeLessThan(AT_ONCE_MS);
  });
});
