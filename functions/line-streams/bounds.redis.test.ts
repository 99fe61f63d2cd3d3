import { beforeEach, describe, inject, it } from "vitest";
import { CONSUMERS_MAX, GROUPS_MAX, PENDING_MAX } from "./group.ts";
import { putGroup } from "./groups.ts";
import { type Delivery, LETTERS_MAX } from "./poll.ts";
import { reassign, removeConsumer } from "./reassignments.ts";
import { readStats } from "./stats.ts";
import { ACK, type Calls, createCalls, told } from "./testing/calls.ts";
import { createStand, type Stand } from "./testing/stand.ts";
import { TOPICS_MAX } from "./topic.ts";
import { putTopic } from "./topics.ts";

let stand: Stand;
let calls: Calls;

beforeEach(() => {
  stand = createStand(inject("redis"));
  calls = createCalls(stand);
});

const TOPIC = { partitions: 1, maxLength: null, retentionMs: null };
const GROUP = { from: "earliest", visibilityMs: 1_000, maxDeliveries: 3, ordered: false };

async function produceMany(topic: string, count: number): Promise<void> {
  for (let left = count; left > 0; left -= 100) {
    await calls.produce(
      topic,
      Array.from({ length: Math.min(100, left) }, () => "x"),
    );
  }
}

describe("a bound", () => {
  it("on topics of a tenant is met by the one beyond it", async ({ expect }) => {
    const { redis } = stand.request();
    const { topics } = stand.keys("x");
    await redis.command(["SADD", topics, ...Array.from({ length: TOPICS_MAX - 1 }, (_, i) => i)]);
    expect((await putTopic(stand.request(), "last", TOPIC)).kind).toBe("created");
    expect(await putTopic(stand.request(), "more", TOPIC)).toEqual({ kind: "too_many_topics" });
    expect(await calls.produce("more", ["x"])).toEqual({ kind: "too_many_topics" });
    expect((await putTopic(stand.request(), "last", TOPIC)).kind).toBe("unchanged");
  });

  it("on groups of a topic is met by the one beyond it", async ({ expect }) => {
    const topic = await calls.newTopic();
    for (let i = 0; i < GROUPS_MAX; i += 1) await calls.newGroup(topic, { name: `g${i}` });
    const more = await putGroup(stand.request(), topic, "more", GROUP);
    expect(more).toEqual({ kind: "too_many_groups" });
  });

  it("on consumers of a group is met by a new one, not by one it knows", async ({ expect }) => {
    const topic = await calls.newTopic();
    await calls.newGroup(topic);
    await calls.take(topic, { consumer: "first" });
    const { group } = stand.keys(topic).group("group");
    await stand.request().redis.command(["HSET", group, "consumers", CONSUMERS_MAX - 1]);
    expect((await calls.poll(topic, { consumer: "last" })).kind).toBe("messages");
    expect(await calls.poll(topic, { consumer: "more" })).toEqual({ kind: "too_many_consumers" });
    expect((await calls.poll(topic, { consumer: "first" })).kind).toBe("messages");
  });

  it("on what a consumer holds is met over all partitions, and acknowledging helps", async ({
    expect,
  }) => {
    const topic = await calls.newTopic({ partitions: 4 });
    await calls.newGroup(topic, { visibilityMs: 60_000 });
    await produceMany(topic, PENDING_MAX + 50);
    let held = 0;
    let last: Awaited<ReturnType<Calls["take"]>> = [];
    for (let polls = 0; polls < 30 && held < PENDING_MAX; polls += 1) {
      last = await calls.take(topic);
      held += last.length;
    }
    expect(held).toBe(PENDING_MAX);
    expect(await calls.poll(topic)).toEqual({ kind: "too_many_pending" });
    expect((await calls.take(topic, { consumer: "bob" })).length).toBeGreaterThan(0);
    await calls.settle(topic, last.slice(0, 3), ACK);
    await calls.produce(topic, ["x", "x", "x", "x"]);
    expect((await calls.take(topic)).length).toBe(3);
  });

  it("on what a consumer holds does not keep from it what came due of its own", async ({
    expect,
  }) => {
    const topic = await calls.newTopic({ partitions: 16 });
    await calls.newGroup(topic);
    await produceMany(topic, 200);
    const { redis } = stand.request();
    const { group } = stand.keys(topic).group("group");
    let held = 0;
    while (held < 200) held += (await calls.take(topic)).length;
    await redis.command(["HINCRBY", group, "c ann", PENDING_MAX - 200]);
    await produceMany(topic, 100);
    expect(await calls.poll(topic)).toEqual({ kind: "too_many_pending" });
    await new Promise((resolve) => setTimeout(resolve, 1_050));
    const again: Delivery[] = [];
    while (again.length < 200) again.push(...(await calls.take(topic)));
    expect(again.every(({ deliveries }) => deliveries === 2)).toBe(true);
    expect(await calls.poll(topic)).toEqual({ kind: "too_many_pending" });
    expect(await redis.command(["HGET", group, "c ann"])).toBe(String(PENDING_MAX));
    expect(await calls.settle(topic, again.slice(0, 100), ACK)).not.toContain("stale");
    expect((await calls.take(topic)).every(({ deliveries }) => deliveries === 1)).toBe(true);
  });

  it("on what a consumer holds leaves to others what came due of theirs", async ({ expect }) => {
    const topic = await calls.newTopic();
    await calls.newGroup(topic);
    await calls.produce(topic, ["a", "b", "c", "d"]);
    await calls.take(topic, { consumer: "bob", max: 3 });
    await calls.take(topic);
    const { group } = stand.keys(topic).group("group");
    await stand.request().redis.command(["HSET", group, "c ann", PENDING_MAX]);
    await new Promise((resolve) => setTimeout(resolve, 1_050));
    expect(told(await calls.take(topic, { max: 2 }))).toEqual(["d 2"]);
    expect(told(await calls.take(topic, { consumer: "bob" }))).toEqual(["a 2", "b 2", "c 2"]);
  });

  it("on consumers of a group is met by who is given messages, too", async ({ expect }) => {
    const topic = await calls.newTopic();
    await calls.newGroup(topic, { visibilityMs: 60_000 });
    await calls.produce(topic, ["a"]);
    await calls.take(topic, { consumer: "first" });
    const { group } = stand.keys(topic).group("group");
    await stand.request().redis.command(["HSET", group, "consumers", CONSUMERS_MAX - 1]);
    const of = { topic, group: "group" };
    const give = (from: string, to: string) =>
      reassign(stand.request(), of, { from, to, minIdleMs: 0 });
    expect(await give("first", "last")).toMatchObject({ kind: "moved", moved: 1 });
    expect(await give("last", "more")).toEqual({ kind: "too_many_consumers" });
    expect(await give("last", "first")).toMatchObject({ kind: "moved", moved: 1 });
    const stats = await readStats(stand.request(), topic);
    expect(stats?.groups[0]?.consumers).toMatchObject([
      { consumer: "first", pending: 1, alive: true },
      { consumer: "last", pending: 0, alive: true },
    ]);
    await removeConsumer(stand.request(), of, "last");
    expect(await give("first", "more")).toMatchObject({ kind: "moved", moved: 1 });
  });

  it("on dead letters leaves a message where it is", async ({ expect }) => {
    const topic = await calls.newTopic();
    await calls.newGroup(topic, { maxDeliveries: 1 });
    await calls.produce(topic, ["a", "b"]);
    const keys = stand.keys(topic).group("group");
    const { redis } = stand.request();
    const fill = `for i = 1, ARGV[1] do redis.call('HSET', KEYS[1], i, '') end`;
    await redis.command(["EVAL", fill, 1, keys.letters, LETTERS_MAX - 1], { timeoutMs: 10_000 });
    expect(told(await calls.take(topic))).toEqual(["a 1", "b 1"]);
    await new Promise((resolve) => setTimeout(resolve, 1_050));
    expect(await calls.take(topic)).toEqual([]);
    expect(await redis.command(["HLEN", keys.letters])).toBe(LETTERS_MAX);
    expect(await redis.command(["ZCARD", keys.due(0)])).toBe(1);
  });

  it("on a reply ends it early, and what is left comes next, uncounted", async ({ expect }) => {
    const topic = await calls.newTopic();
    await calls.newGroup(topic);
    const large = "x".repeat(60_000);
    for (let i = 0; i < 70; i += 10) {
      await calls.produce(
        topic,
        Array.from({ length: 10 }, () => large),
      );
    }
    const first = await calls.take(topic);
    const second = await calls.take(topic);
    expect(first.length).toBeLessThan(60);
    expect(first.length + second.length).toBe(70);
    expect([...first, ...second].every(({ deliveries }) => deliveries === 1)).toBe(true);
  });
});
