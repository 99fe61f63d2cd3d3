import { describe, it } from "vitest";
import type { Batch } from "../../../shared/metrics/totals.ts";
import { delivery } from "./delivery.ts";
import { metricsFlush } from "./flush.ts";
import { metricsRegistry } from "./registry.ts";

/** An isolate whose timers go off, and whose hub answers, when the test says so. */
function isolate() {
  let nowMs = 0;
  const timers: { atMs: number; ring: () => void }[] = [];
  const received: Batch[] = [];
  let isHubDown = false;
  const registry = metricsRegistry();
  const flush = metricsFlush({
    delivery: delivery("isolate-1", registry),
    sink: () => ({
      add: async (batch) => {
        if (isHubDown) throw new Error("overloaded");
        received.push(batch);
      },
    }),
    clock: () => nowMs,
    sleep: (ms) => new Promise((ring) => timers.push({ atMs: nowMs + ms, ring })),
  });
  const works: Promise<unknown>[] = [];
  const request = () => {
    registry.countEvent("a", "x");
    flush.plan((work) => works.push(work));
  };
  const pass = async (ms: number) => {
    nowMs += ms;
    const due = timers.filter(({ atMs }) => atMs <= nowMs);
    for (const timer of due) timers.splice(timers.indexOf(timer), 1)[0]?.ring();
    await new Promise<void>((resolve) => setImmediate(resolve));
  };
  const counted = () =>
    received.reduce((sum, { delta }) => sum + (Object.values(delta)[0]?.["event:x"] ?? 0), 0);
  return {
    flush,
    request,
    pass,
    counted,
    received,
    works,
    loseTimers: () => timers.splice(0),
    hub: (state: "up" | "down") => {
      isHubDown = state === "down";
    },
  };
}

describe("flushing counts", () => {
  it("happens once a second, however many requests there are", async ({ expect }) => {
    const { request, pass, works, received, counted } = isolate();
    for (let i = 0; i < 100; i += 1) request();
    expect([works.length, received.length]).toEqual([1, 0]);
    await pass(1_000);
    expect([received.length, counted()]).toEqual([1, 100]);
  });

  it("delivers the counts of traffic that stopped", async ({ expect }) => {
    const { request, pass, counted } = isolate();
    request();
    await pass(999);
    request();
    await pass(1);
    expect(counted()).toBe(2);
    request();
    await pass(1_000);
    expect(counted()).toBe(3);
  });

  it("sends again what a failing hub did not take, and asks it more rarely", async ({ expect }) => {
    const { request, pass, works, hub, counted } = isolate();
    hub("down");
    request();
    await pass(1_000);
    request();
    await pass(1_000);
    request();
    expect(works.length).toBe(2);
    hub("up");
    await pass(1_000);
    expect(counted()).toBe(3);
  });

  it("plans another one when the request that planned one was cut off", async ({ expect }) => {
    const { request, pass, loseTimers, counted } = isolate();
    request();
    loseTimers();
    await pass(5_999);
    request();
    await pass(1_000);
    expect(counted()).toBe(0);
    request();
    await pass(1_000);
    expect(counted()).toBe(3);
  });

  it("can be asked for at once, and then counts nothing twice", async ({ expect }) => {
    const { request, pass, flush, counted } = isolate();
    request();
    await flush.now();
    expect(counted()).toBe(1);
    await pass(1_000);
    expect(counted()).toBe(1);
    request();
    await pass(1_000);
    expect(counted()).toBe(2);
  });

  it("says at once when the hub does not take it", async ({ expect }) => {
    const { request, hub, flush } = isolate();
    hub("down");
    request();
    await expect(flush.now()).rejects.toThrow("overloaded");
  });
});
