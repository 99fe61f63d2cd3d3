import { setTimeout as sleep } from "node:timers/promises";
import { beforeEach, describe, inject, it } from "vitest";
import { UpstreamError } from "../../shared/kernel/errors.ts";
import type { StreamsAccess } from "./access.ts";
import { type Consumed, consume } from "./consume.ts";
import type { Monitor } from "./monitor.ts";
import { produce } from "./produce.ts";
import { type Calls, createCalls, GROUP, payloadsOf } from "./testing/calls.ts";
import { createStand, type Stand } from "./testing/stand.ts";

let stand: Stand;
let calls: Calls;

beforeEach(() => {
  stand = createStand(inject("redis"));
  calls = createCalls(stand);
});

const unreachable = new UpstreamError({
  dependency: "durable-object",
  fault: "unreachable",
  outcome: "unknown",
});

async function newTopic(): Promise<string> {
  const topic = await calls.newTopic();
  await calls.newGroup(topic);
  return topic;
}

/** A poll of 3 s whose monitor is as the test makes it; a message is produced after a while. */
async function pollWith(change: (monitor: Monitor) => Partial<Monitor>) {
  const topic = await newTopic();
  const access = stand.request();
  const monitor = { ...access.monitor, ...change(access.monitor) };
  const look = { topic, group: GROUP, consumer: "ann", max: 1, waitMs: 3_000 };
  const waiting = consume({ ...access, monitor }, look, new AbortController().signal);
  await sleep(400);
  const startedAtMs = performance.now();
  await calls.produce(topic, ["a"]);
  const found = await waiting;
  return { found: payloadsIn(found), tookMs: performance.now() - startedAtMs };
}

function payloadsIn(found: Consumed): string[] {
  if (found.kind !== "messages") throw new Error(`cannot poll: ${found.kind}`);
  return payloadsOf(found.messages);
}

describe("a poll whose monitor", () => {
  it("is restarted while it waits begins anew and is woken all the same", async ({ expect }) => {
    let restarts = 0;
    const { found, tookMs } = await pollWith((monitor) => ({
      async next(waiter, waitMs, dueInMs) {
        if (restarts > 0) return await monitor.next(waiter, waitMs, dueInMs);
        restarts += 1;
        await sleep(100);
        stand.forgetWaiters();
        throw unreachable;
      },
    }));
    expect([found, restarts]).toEqual([["a"], 1]);
    expect(tookMs).toBeLessThan(1_000);
  });

  it("has forgotten it before it waits begins anew", async ({ expect }) => {
    let registrations = 0;
    const { found, tookMs } = await pollWith((monitor) => ({
      async register(waiter) {
        const registered = await monitor.register(waiter);
        registrations += 1;
        if (registrations === 1) stand.forgetWaiters();
        return registered;
      },
    }));
    expect([found, registrations]).toEqual([["a"], 2]);
    expect(tookMs).toBeLessThan(1_000);
  });

  it("is full, or cannot be reached, says so", async ({ expect }) => {
    const topic = await newTopic();
    const pollOf = (register: Monitor["register"]) => {
      const access = stand.request();
      const look = { topic, group: GROUP, consumer: "ann", max: 1, waitMs: 3_000 };
      const monitor = { ...access.monitor, register };
      return consume({ ...access, monitor }, look, new AbortController().signal);
    };
    expect(await pollOf(async () => "too_many_waiters")).toEqual({ kind: "too_many_waiters" });
    await expect(pollOf(() => Promise.reject(unreachable))).rejects.toBe(unreachable);
  });
});

describe("a produce that cannot reach the monitor", () => {
  it("is answered all the same, and tells it after the reply", async ({ expect }) => {
    const topic = await newTopic();
    await calls.take(topic, { waitMs: 50 });
    const access = stand.request();
    const later: ((access: StreamsAccess) => Promise<unknown>)[] = [];
    const deaf = { ...access.monitor, appended: () => Promise.reject(unreachable) };
    const told: string[] = [];
    const asked = {
      ...access,
      monitor: deaf,
      afterReply: (work: (typeof later)[0]) => later.push(work),
    };
    const produced = await produce(asked, topic, [{ key: null, payload: "1" }], null);
    expect(produced).toMatchObject({ kind: "appended", isAwaited: true });
    const hearing = {
      ...access.monitor,
      appended: async (topic: string) => {
        told.push(topic);
      },
    };
    for (const work of later) await work({ ...access, monitor: hearing });
    expect(told).toEqual([topic]);
  });

  it("tells nobody where nobody can be waiting", async ({ expect }) => {
    const topic = await newTopic();
    expect(await calls.produce(topic, ["a"])).toMatchObject({ isAwaited: false });
    await calls.take(topic, { waitMs: 1 });
    await calls.take(topic, { waitMs: 1 });
    expect(await calls.produce(topic, ["b"])).toMatchObject({ isAwaited: true });
  });
});

describe("a topic of many partitions", () => {
  it("is looked at in parts, and waited for on all of them", async ({ expect }) => {
    const topic = await calls.newTopic({ partitions: 64 });
    await calls.newGroup(topic);
    const keys = Array.from({ length: 100 }, (_, i) => [`key-${i}`, `${i}`] as const);
    const waiting = calls.take(topic, { consumer: "bob", waitMs: 3_000 });
    await sleep(300);
    const startedAtMs = performance.now();
    await calls.produce(topic, keys.slice(0, 1));
    expect(payloadsOf(await waiting)).toEqual(["0"]);
    expect(performance.now() - startedAtMs).toBeLessThan(1_000);
    await calls.produce(topic, keys.slice(1));
    const rest: string[] = [];
    for (let polls = 0; polls < 20 && rest.length < 99; polls += 1) {
      rest.push(...payloadsOf(await calls.take(topic)));
    }
    expect(rest.map(Number).sort((a, b) => a - b)).toEqual(
      Array.from({ length: 99 }, (_, i) => i + 1),
    );
  });
});
