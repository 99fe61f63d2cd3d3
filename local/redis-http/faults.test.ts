import { afterAll, beforeAll, beforeEach, describe, it } from "vitest";
import { FaultEngine } from "../faults/engine.ts";
import type { FaultSpec } from "../faults/fault.ts";
import { type Fixture, NODE, startFixture } from "./fixture.ts";

/** Each kind of fault as a user of the unmodified SDK meets it; retries are off to see it. */
describe("faults through the SDK", () => {
  const faults = new FaultEngine({ targets: [{ id: NODE, canLag: false }] });
  let fixture: Fixture;
  beforeAll(async () => {
    fixture = await startFixture({ faults });
  });
  afterAll(() => fixture.stop());
  beforeEach(async () => {
    faults.clear();
    await fixture.redis.flushall();
  });

  const inject = (spec: Omit<FaultSpec, "target">) => faults.add({ target: NODE, ...spec });
  const stored = () => fixture.redis.get("n");

  it("refuse: the call fails and nothing is applied", async ({ expect }) => {
    inject({ kind: "refuse", count: 1 });
    await expect(fixture.client().incr("n")).rejects.toThrow(TypeError);
    expect(await stored()).toBeNull();
    expect(await fixture.client().incr("n")).toBe(1);
  });

  it("drop-request: the call fails and nothing is applied", async ({ expect }) => {
    inject({ kind: "drop-request", count: 1 });
    await expect(fixture.client().incr("n")).rejects.toThrow(TypeError);
    expect(await stored()).toBeNull();
  });

  it("drop-response: the call fails although it was applied", async ({ expect }) => {
    inject({ kind: "drop-response", count: 1 });
    await expect(fixture.client().incr("n")).rejects.toThrow(TypeError);
    expect(await stored()).toBe("1");
  });

  it("delay: the call is applied late, and waits", async ({ expect }) => {
    inject({ kind: "delay", delayMs: 80 });
    const startedMs = performance.now();
    const call = fixture.client().incr("n");
    expect(await stored()).toBeNull();
    expect(await call).toBe(1);
    expect(performance.now() - startedMs).toBeGreaterThanOrEqual(79);
  });

  it("delay-response: the call is applied at once, and waits", async ({ expect }) => {
    inject({ kind: "delay-response", delayMs: 80 });
    const startedMs = performance.now();
    const call = fixture.client().incr("n");
    while ((await stored()) === null);
    expect(await call).toBe(1);
    expect(performance.now() - startedMs).toBeGreaterThanOrEqual(79);
  });

  it("duplicate: the call sees the first reply, and is applied again after the delay", async ({
    expect,
  }) => {
    inject({ kind: "duplicate", delayMs: 40, count: 1 });
    expect(await fixture.client().incr("n")).toBe(1);
    expect(await fixture.client().incr("n")).toBe(2);
    while ((await stored()) !== "3");
  });

  it("error: the call fails with the text, and nothing is applied", async ({ expect }) => {
    inject({ kind: "error", status: 500, message: "ERR internal trouble", count: 1 });
    await expect(fixture.client().incr("n")).rejects.toThrow("ERR internal trouble");
    expect(await stored()).toBeNull();
  });

  it("garbage: the reply cannot be parsed although the call was applied", async ({ expect }) => {
    inject({ kind: "garbage", count: 1 });
    await expect(fixture.client().incr("n")).rejects.toThrow("Unable to parse response body");
    expect(await stored()).toBe("1");
  });

  it("a fault for one command leaves others alone, in pipelines too", async ({ expect }) => {
    inject({ kind: "error", command: "incr" });
    expect(await fixture.client().set("n", 5)).toBe("OK");
    await expect(fixture.client().incr("n")).rejects.toThrow("ERR injected fault");
    await expect(fixture.client().pipeline().incr("n").get("n").exec()).rejects.toThrow();
    expect(await fixture.client().pipeline().get("n").incr("n").exec()).toEqual([5, 6]);
  });

  it("the SDK's own retries apply a lost answer twice", async ({ expect }) => {
    const { Redis } = await import("@upstash/redis");
    const client = new Redis({
      url: fixture.url,
      token: "standard-token",
      enableTelemetry: false,
      retry: { retries: 1, backoff: () => 1 },
    });
    inject({ kind: "drop-response", count: 1 });
    expect(await client.incr("n")).toBe(2);
  });

  it("a seeded coin hits the same calls in every run", async ({ expect }) => {
    const run = async () => {
      faults.clear();
      inject({ kind: "error", probability: 0.5, seed: 42 });
      const calls: boolean[] = [];
      for (let call = 0; call < 20; call += 1) {
        calls.push(
          await fixture
            .client()
            .ping()
            .then(
              () => true,
              () => false,
            ),
        );
      }
      return calls;
    };
    const first = await run();
    expect(await run()).toEqual(first);
    expect(new Set(first).size).toBe(2);
  });
});
