import { beforeEach, describe, inject, it } from "vitest";
import { PENDING_MAX } from "../../functions/line-streams/group.ts";
import { reassign, removeConsumer } from "../../functions/line-streams/reassignments.ts";
import { ACK, type Calls, createCalls, told } from "../../functions/line-streams/testing/calls.ts";
import { createStand, type Stand } from "../../functions/line-streams/testing/stand.ts";
import { storedKeys } from "../../functions/line-streams/testing/stored.ts";

let stand: Stand;
let calls: Calls;

beforeEach(() => {
  stand = createStand(inject("redis"));
  calls = createCalls(stand);
});

async function heldBy(consumer: string, messages: number): Promise<string> {
  const topic = await calls.newTopic({ partitions: 2 });
  await calls.newGroup(topic, { visibilityMs: 60_000 });
  const sent = Array.from({ length: messages }, (_, i) => [`k${i}`, `${i}`] as const);
  await calls.produce(topic, sent);
  await calls.take(topic, { consumer });
  return topic;
}

const GROUP = { group: "group" };
const move = (from: string, to: string, minIdleMs = 0) => ({ from, to, minIdleMs });

describe("a reassignment", () => {
  it("moves all of a consumer, on every partition, due at once", async ({ expect }) => {
    const topic = await heldBy("ann", 20);
    const done = await reassign(stand.request(), { ...GROUP, topic }, move("ann", "bob"));
    expect(done).toEqual({ kind: "moved", moved: 20, left: 0, isAwaited: false });
    const again = await calls.take(topic, { consumer: "bob" });
    expect(again.length).toBe(20);
    expect(again.every(({ deliveries }) => deliveries === 2)).toBe(true);
    expect((await calls.settle(topic, again, ACK)).every((status) => status === "ok")).toBe(true);
  });

  it("leaves what is not idle for so long", async ({ expect }) => {
    const topic = await heldBy("ann", 3);
    const done = await reassign(stand.request(), { ...GROUP, topic }, move("ann", "bob", 60_000));
    expect(done).toMatchObject({ moved: 0, left: 3 });
  });

  it("gives nobody more than a consumer may hold", async ({ expect }) => {
    const topic = await heldBy("ann", 5);
    const { group } = stand.keys(topic).group("group");
    await stand.request().redis.command(["HSET", group, "c bob", PENDING_MAX - 3]);
    const done = await reassign(stand.request(), { ...GROUP, topic }, move("ann", "bob"));
    expect(done).toMatchObject({ moved: 3, left: 2 });
  });
});

describe("a consumer's removal", () => {
  it("loses nothing that it held, and its name is free again", async ({ expect }) => {
    const topic = await heldBy("ann", 5);
    const done = await removeConsumer(stand.request(), { ...GROUP, topic }, "ann");
    expect(done).toMatchObject({ moved: 5, left: 0 });
    const { redis } = stand.request();
    const keys = stand.keys(topic);
    for (const partition of [0, 1]) {
      const consumers = await redis.command([
        "XINFO",
        "CONSUMERS",
        keys.stream(partition),
        "group",
      ]);
      expect(JSON.stringify(consumers)).not.toContain('"ann"');
    }
    expect(await redis.command(["HGET", keys.group("group").group, "consumers"])).toBe("0");
    expect(told(await calls.take(topic)).length).toBe(5);
    expect(await redis.command(["HGET", keys.group("group").group, "c (nobody)"])).toBe("0");
  });

  it("leaves no TTL but that of its answer", async ({ expect }) => {
    const topic = await heldBy("ann", 2);
    const request = stand.request({ deadlineMs: 2_000 });
    await removeConsumer(request, { ...GROUP, topic }, "ann");
    for (const [key, ttlMs] of await storedKeys(stand)) {
      expect(ttlMs > 0, key).toBe(key.includes(":operation:"));
      if (ttlMs > 0) expect(ttlMs, key).toBeLessThan(15_000);
    }
  });
});
