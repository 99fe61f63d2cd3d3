import { beforeEach, describe, inject, it } from "vitest";
import { UpstreamError } from "../../shared/kernel/errors.ts";
import type { RedisPort } from "../../shared/redis/port.ts";
import { redriveAll } from "./dead-letters.ts";
import { removeTopic } from "./removal.ts";
import { ACK, type Calls, createCalls, nack, payloadsOf } from "./testing/calls.ts";
import { createStand, type Stand } from "./testing/stand.ts";

let stand: Stand;
let calls: Calls;

beforeEach(() => {
  stand = createStand(inject("redis"));
  calls = createCalls(stand);
});

const OF = (topic: string) => ({ topic, group: "group" });

async function bury(topic: string, messages: readonly string[]): Promise<void> {
  for (let from = 0; from < messages.length; from += 100) {
    await calls.produce(topic, messages.slice(from, from + 100));
    await calls.settle(topic, await calls.take(topic), nack());
    await calls.take(topic);
  }
}

/** The same topics over a store that refuses every call behind the first `calls`. */
function failingBehind(calls: number): Stand {
  let left = calls;
  const refused = () =>
    new UpstreamError({ dependency: "redis", fault: "refused", outcome: "not_applied" });
  const wrap = (port: RedisPort): RedisPort => ({
    ...port,
    command: async (...args) => {
      left -= 1;
      if (left < 0) throw refused();
      return await port.command(...args);
    },
    script: async (...args) => {
      left -= 1;
      if (left < 0) throw refused();
      return await port.script(...args);
    },
  });
  return createStand(inject("redis"), { wrap, instance: stand.instance });
}

const outcomeOf = (work: Promise<unknown>) =>
  work.then(
    () => null,
    (error: unknown) => (error instanceof UpstreamError ? error.outcome : error),
  );

describe("what one group redrives", () => {
  it("does not stand in the way of another's messages", async ({ expect }) => {
    const topic = await calls.newTopic();
    await calls.newGroup(topic, { maxDeliveries: 1 });
    await bury(topic, ["a", "b", "c"]);
    await calls.newGroup(topic, { name: "other", from: "latest" });
    await calls.newGroup(topic, { name: "line", from: "latest", ordered: true, maxDeliveries: 1 });
    expect(await redriveAll(stand.request(), OF(topic))).toMatchObject({ redriven: 3 });
    await calls.produce(topic, ["d", "e"]);
    for (const group of ["other", "line"]) {
      const [first] = await calls.take(topic, { group, max: 1 });
      if (!first) throw new Error("a message");
      expect(payloadsOf([first])).toEqual(["d"]);
      await calls.settle(topic, [first], ACK, group);
      expect(payloadsOf(await calls.take(topic, { group, max: 1 }))).toEqual(["e"]);
    }
    expect(payloadsOf(await calls.take(topic))).toEqual(["a", "b", "c", "d", "e"]);
  });

  it("is passed over by another a thousand at a time", async ({ expect }) => {
    const topic = await calls.newTopic();
    await calls.newGroup(topic, { name: "other" });
    const { redis } = stand.request();
    const add = `for i = 1, ARGV[1] do redis.call('XADD', KEYS[1], '*', 'p', '1', 'k', '', 'g', 'group') end`;
    await redis.command(["EVAL", add, 1, stand.keys(topic).stream(0), 1_500]);
    await calls.produce(topic, ["a"]);
    const startedAtMs = Date.now();
    const found = await calls.take(topic, { group: "other", max: 1, waitMs: 3_000 });
    expect(payloadsOf(found)).toEqual(["a"]);
    expect(Date.now() - startedAtMs).toBeLessThan(1_000);
  });
});

describe("a call of several steps that fails after the first", () => {
  it("does not say that nothing was applied", async ({ expect }) => {
    const topic = await calls.newTopic();
    await calls.newGroup(topic, { maxDeliveries: 1 });
    await bury(
      topic,
      Array.from({ length: 101 }, (_, i) => `${i}`),
    );
    expect(await outcomeOf(redriveAll(failingBehind(0).request(), OF(topic)))).toBe("not_applied");
    const short = () => ({ deadlineMs: 1_000 });
    expect(await outcomeOf(redriveAll(failingBehind(3).request(short()), OF(topic)))).toBe(
      "unknown",
    );
    expect((await calls.take(topic)).length).toBe(100);
    expect(await outcomeOf(removeTopic(failingBehind(3).request(short()), topic))).toBe("unknown");
  });
});
