import { setTimeout as sleep } from "node:timers/promises";
import { beforeEach, describe, inject, it } from "vitest";
import { ACK, type Calls, createCalls } from "../../functions/line-streams/testing/calls.ts";
import { createStand, type Stand } from "../../functions/line-streams/testing/stand.ts";
import { storedKeys } from "../../functions/line-streams/testing/stored.ts";
import { putTopic } from "../../functions/line-streams/topics.ts";
import { upkeep } from "./upkeep.ts";

let stand: Stand;
let calls: Calls;

beforeEach(() => {
  stand = createStand(inject("redis"));
  calls = createCalls(stand);
});

const numbered = (count: number) => Array.from({ length: count }, (_, i) => `${i}`);

async function lengthOf(topic: string): Promise<number> {
  return Number(await stand.request().redis.command(["XLEN", stand.keys(topic).stream(0)]));
}

function round(topic: string) {
  const { redis, attempts, newId, space } = stand.request();
  return upkeep({ redis, attempts, newId }, { ...space, topic });
}

describe("a round of upkeep", () => {
  it("trims a topic that was given a lower bound, and leaves no TTL", async ({ expect }) => {
    const topic = await calls.newTopic();
    await calls.produce(topic, numbered(50));
    await putTopic(stand.request(), topic, { partitions: 1, maxLength: 10, retentionMs: null });
    await round(topic);
    expect(await lengthOf(topic)).toBe(10);
    for (const [key, ttlMs] of await storedKeys(stand)) {
      if (!key.includes(":operation:")) expect(ttlMs, key).toBe(-1);
    }
  });

  it("trims by age up to what some group still needs, and no further", async ({ expect }) => {
    const topic = await calls.newTopic({ retentionMs: 200 });
    await calls.newGroup(topic, { visibilityMs: 60_000 });
    await calls.produce(topic, numbered(5));
    const held = await calls.take(topic, { max: 3 });
    await sleep(250);
    await round(topic);
    expect(await lengthOf(topic)).toBe(5);
    await calls.settle(topic, held.slice(0, 2), ACK);
    await round(topic);
    expect(await lengthOf(topic)).toBe(3);
    await calls.settle(topic, held.slice(2), ACK);
    await round(topic);
    expect(await lengthOf(topic)).toBe(2);
  });

  it("says when there is no such topic", async ({ expect }) => {
    expect(await round("none")).toBe(null);
  });
});
