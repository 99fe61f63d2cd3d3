import { describe, it } from "vitest";
import type { Dependency } from "./errors.ts";
import { STORE_CALLS_IN_FLIGHT_MAX, storeTraffic } from "./traffic.ts";

/** Calls that end when the test says so. */
function stage() {
  let nowMs = 0;
  const traffic = storeTraffic(() => nowMs);
  const ends: (() => void)[] = [];
  let open = 0;
  let openMost = 0;
  const call = (dependency: Dependency = "redis") =>
    traffic.run(dependency, () => {
      open += 1;
      openMost = Math.max(openMost, open);
      return new Promise<void>((resolve) => {
        ends.push(() => {
          open -= 1;
          resolve();
        });
      });
    });
  return {
    traffic,
    call,
    end: async (index: number) => {
      ends[index]?.();
      await settled();
    },
    begun: () => ends.length,
    openMost: () => openMost,
    pass: (ms: number) => {
      nowMs += ms;
    },
  };
}

/** Lets every promise that can go on go on. */
const settled = () => new Promise<void>((resolve) => setImmediate(resolve));

describe("the traffic of a request", () => {
  it("counts calls that follow each other as trips", async ({ expect }) => {
    const traffic = storeTraffic(() => 0);
    await traffic.run("redis", async () => undefined);
    await traffic.run("postgres", async () => undefined);
    expect(traffic.spent()).toMatchObject({ trips: 2, requests: 2 });
  });

  it("counts no call to an object, only its time", async ({ expect }) => {
    const { traffic, call, end, pass } = stage();
    const first = call("durable-object");
    pass(7);
    await end(0);
    await first;
    expect(traffic.spent()).toEqual({
      trips: 0,
      requests: 0,
      durationMs: { "durable-object": 7 },
    });
    const both = [call("redis"), call("durable-object")];
    await end(2);
    const last = call("redis");
    await end(1);
    await end(3);
    await Promise.all([...both, last]);
    expect(traffic.spent()).toMatchObject({ trips: 1, requests: 2 });
  });

  it("counts calls that overlap as one trip", async ({ expect }) => {
    const { traffic, call, end } = stage();
    const both = [call(), call()];
    await end(0);
    await end(1);
    await Promise.all(both);
    expect(traffic.spent()).toMatchObject({ trips: 1, requests: 2 });
  });

  it("counts a call after an answer as a further trip, also beside a call that is still open", async ({
    expect,
  }) => {
    const { traffic, call, end } = stage();
    const calls = [call(), call()];
    await end(0);
    calls.push(call());
    await end(1);
    await end(2);
    await Promise.all(calls);
    expect(traffic.spent()).toMatchObject({ trips: 2, requests: 3 });
  });

  it("runs six calls at once and lets the seventh wait for a place", async ({ expect }) => {
    const { traffic, call, end, begun } = stage();
    const calls = Array.from({ length: STORE_CALLS_IN_FLIGHT_MAX + 1 }, () => call());
    await settled();
    expect(begun()).toBe(STORE_CALLS_IN_FLIGHT_MAX);
    await end(3);
    expect(begun()).toBe(STORE_CALLS_IN_FLIGHT_MAX + 1);
    for (let i = 0; i < calls.length; i += 1) await end(i);
    await Promise.all(calls);
    expect(traffic.spent()).toMatchObject({ trips: 2, requests: 7 });
  });

  it("gives a free place to the call that waits, not to one that comes in that moment", async ({
    expect,
  }) => {
    for (let moment = 0; moment < 8; moment += 1) {
      const { call, end, begun, openMost } = stage();
      const calls = Array.from({ length: STORE_CALLS_IN_FLIGHT_MAX + 1 }, () => call());
      await settled();
      const ended = end(0);
      for (let i = 0; i < moment; i += 1) await Promise.resolve();
      calls.push(call());
      await ended;
      expect([moment, begun(), openMost()]).toEqual([moment, 7, STORE_CALLS_IN_FLIGHT_MAX]);
      for (let i = 1; i < calls.length; i += 1) await end(i);
      await Promise.all(calls);
    }
  });

  it("gives the place of a failed call back", async ({ expect }) => {
    const traffic = storeTraffic(() => 0);
    const failing = () =>
      traffic.run("redis", async () => {
        throw new Error("no");
      });
    for (let i = 0; i < 2 * STORE_CALLS_IN_FLIGHT_MAX; i += 1) {
      await expect(failing()).rejects.toThrow("no");
    }
    expect(await traffic.run("redis", async () => "ok")).toBe("ok");
  });

  it("refuses a fan-out that no request can mean", async ({ expect }) => {
    const { call, end, begun } = stage();
    const calls = Array.from({ length: STORE_CALLS_IN_FLIGHT_MAX + 1_000 }, () => call());
    await expect(call()).rejects.toThrow(RangeError);
    for (let i = 0; i < calls.length; i += 1) await end(i);
    await Promise.all(calls);
    expect(begun()).toBe(calls.length);
  });

  it("measures for each dependency the time in which a call was open, once", async ({ expect }) => {
    const { traffic, call, end, pass } = stage();
    const calls = [call("redis"), call("redis"), call("postgres")];
    pass(10);
    await end(0);
    pass(5);
    await end(1);
    pass(1);
    await end(2);
    await Promise.all(calls);
    expect(traffic.spent().durationMs).toEqual({ redis: 15, postgres: 16 });
  });
});
