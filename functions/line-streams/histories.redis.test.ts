import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, it } from "vitest";
import { dice } from "../../local/faults/dice.ts";
import { startTestRedis, type TestRedis } from "../../local/testing/stores.ts";
import type { RedisPort } from "../../shared/redis/port.ts";
import { createCalls } from "./testing/calls.ts";
import { type HistoryEvent, violations } from "./testing/history.ts";
import { type PlantedBug, withBug } from "./testing/planted.ts";
import { createStand } from "./testing/stand.ts";
import { runWorkload, seenOf, type WorkloadOptions } from "./testing/workload.ts";

let redis: TestRedis;

beforeAll(async () => {
  redis = await startTestRedis();
});

afterAll(() => redis.stop());

afterEach(() => redis.faults.clear());

function workload(options: Partial<WorkloadOptions> = {}): WorkloadOptions {
  return {
    messages: 300,
    consumers: 6,
    keys: 8,
    isOrdered: false,
    maxDeliveries: 4,
    random: dice(1),
    dies: 0.1,
    putsBack: 0.1,
    ...options,
  };
}

/** So that some messages use up their deliveries. */
const HARD = { maxDeliveries: 3, putsBack: 0.2 };

function loseAnswers(probability = 0.1): void {
  const lost = { target: "main", command: "EVALSHA", kind: "drop-response" } as const;
  redis.faults.add({ ...lost, probability, seed: 7 });
}

describe("what producers and consumers see", () => {
  for (const isOrdered of [false, true]) {
    const group = isOrdered ? "an ordered group" : "a group";
    it(`is what ${group} may show, though consumers die and answers are lost`, async ({
      expect,
    }) => {
      loseAnswers();
      const history = await runWorkload(
        createStand(redis),
        workload({ isOrdered, ...HARD, dies: isOrdered ? 0.12 : 0.3 }),
      );
      expect(violations(history)).toEqual([]);
      expect(history.isQuiet).toBe(true);
      const duplicates = history.events.flatMap((event) =>
        event.kind === "delivered" ? event.messages.filter(({ deliveries }) => deliveries > 1) : [],
      );
      expect(duplicates.length).toBeGreaterThan(10);
      expect(history.letters.length).toBeGreaterThan(0);
    });
  }

  it("is so when the topic may hold only a few messages", async ({ expect }) => {
    const history = await runWorkload(createStand(redis), workload({ maxLength: 30, dies: 0.03 }));
    expect(violations(history)).toEqual([]);
    expect(history.isQuiet).toBe(true);
  });

  it("is so when consumers wait", async ({ expect }) => {
    const options = workload({ waitMs: 2_000, dies: 0, putsBack: 0, messages: 100 });
    const history = await runWorkload(createStand(redis), options);
    expect(violations(history)).toEqual([]);
  });
});

interface Planted extends Omit<PlantedBug, "source"> {
  readonly script: string;
  readonly options?: Partial<WorkloadOptions>;
  readonly losesAnswers?: boolean;
  readonly caught: RegExp;
}

const PLANTED: Readonly<Record<string, Planted>> = {
  "takes an acknowledgement after a put-back with the old receipt": {
    script: "settle.lua",
    right: "found.nonce ~= ARGV[at + 2] and 's' or 'o'",
    wrong: "'o'",
    caught: /ack was taken after a put-back with the same receipt/,
  },
  "trims past a pending message": {
    script: "produce.lua",
    right: "local floor = floor_of(stream)",
    wrong: "local floor = nil",
    options: { maxLength: 20 },
    caught: /was never handed out|no dead letter/,
  },
  "appends again when an answer was lost": {
    script: "produce.lua",
    right: "local known, refused = redis.call('GET', KEYS[1]), ''",
    wrong: "local known, refused = false, ''",
    losesAnswers: true,
    caught: /was appended \d times/,
  },
  "hands out what is behind an unacknowledged message of an ordered group": {
    script: "poll.lua",
    right: "is_ordered and redis.call('ZCARD', due) > 0 and skipped or -1",
    wrong: "-1",
    options: { isOrdered: true },
    caught: /overtook/,
  },
  "does not count deliveries": {
    script: "poll.lua",
    right: "ARGV[4] .. ' ' .. deliveries + 1)",
    wrong: "ARGV[4] .. ' ' .. 1)",
    caught: /handed out twice as delivery/,
  },
  "loses dead letters": {
    script: "poll.lua",
    right: "redis.call('HSET', KEYS[4],",
    wrong: "redis.call('HMGET', KEYS[4],",
    options: { dies: 0.5 },
    caught: /is no dead letter/,
  },
};

describe("the checker", () => {
  for (const [name, planted] of Object.entries(PLANTED)) {
    it(`notices a service that ${name}`, async ({ expect }) => {
      const source = await readFile(join(import.meta.dirname, planted.script), "utf8");
      if (planted.losesAnswers) loseAnswers(0.4);
      const wrap = (port: RedisPort) => withBug(port, { ...planted, source });
      const stand = createStand(redis, { wrap });
      const history = await runWorkload(stand, workload({ messages: 150, ...planted.options }));
      expect(violations(history).join("\n")).toMatch(planted.caught);
    });
  }

  for (const registersLate of [false, true]) {
    const what = registersLate ? "notices a wake-up that is lost" : "is content with a wake-up";
    it(`${what} between a look and the wait`, async ({ expect }) => {
      const history = await producedBetween({ registersLate });
      const found = registersLate ? ["m1: woke nobody who waited"] : [];
      expect(violations(history)).toEqual(found);
    });
  }
});

/** A poll whose look finds nothing, and a message that is appended before it goes on to wait. */
async function producedBetween({ registersLate }: { readonly registersLate: boolean }) {
  let produceNow: (() => Promise<unknown>) | null = null;
  const wrap = (port: RedisPort): RedisPort => ({
    command: (args, options) => port.command(args, options),
    async script(script, keys, args, options) {
      const reply = await port.script(script, keys, args, options);
      const [kind, , , messages] = reply as readonly unknown[];
      const produce = kind === "messages" && String(messages) === "" ? produceNow : null;
      if (produce !== null) produceNow = null;
      await produce?.();
      return reply;
    },
  });
  const calls = createCalls(createStand(redis, { wrap, registersLate }));
  const topic = await calls.newTopic();
  await calls.newGroup(topic);
  const events: HistoryEvent[] = [];
  produceNow = async () => {
    const startMs = performance.now();
    await calls.produce(topic, ["m1"]);
    const span = { startMs, endMs: performance.now() };
    events.push({ kind: "produced", key: null, payload: "m1", isAnswered: true, ...span });
  };
  const startMs = performance.now();
  const messages = await calls.take(topic, { waitMs: 3_000 });
  const span = { startMs, endMs: performance.now() };
  const seen = messages.map(seenOf);
  events.push({ kind: "delivered", consumer: "ann", hasWaited: true, messages: seen, ...span });
  const end = { stored: ["m1"], letters: [], isQuiet: false };
  return { events, isOrdered: false, maxDeliveries: 3, ...end };
}
