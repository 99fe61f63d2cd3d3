import { Redis } from "ioredis";
import { afterAll, afterEach, beforeAll, beforeEach, describe, it, vi } from "vitest";
import { startTestRedis, type TestRedis } from "../../local/testing/stores.ts";
import { deletePolicy, putPolicy, readPolicy } from "./policies.ts";
import { createCalls } from "./testing/calls.ts";
import { createStand, definitionOf, type Stand } from "./testing/stand.ts";
import { lookAtUsage } from "./usage.ts";

const HOUR_MS = 3_600_000;
const ALGORITHMS = ["fixed-window", "sliding-window", "token-bucket"] as const;

let redis: TestRedis;
let direct: Redis;
let stand: Stand;
let calls: ReturnType<typeof createCalls>;

beforeAll(async () => {
  redis = await startTestRedis();
  direct = new Redis(redis.port);
});

afterAll(async () => {
  direct.disconnect();
  await redis.stop();
});

beforeEach(() => {
  stand = createStand(redis);
  calls = createCalls(stand);
});

afterEach(() => {
  vi.useRealTimers();
});

async function look(policy: string, key: string) {
  const found = await readPolicy(stand.request(), policy);
  if (found === null) throw new Error("no policy");
  return await lookAtUsage(stand.request(), found, key);
}

describe("the SDK's algorithms", () => {
  for (const algorithm of ALGORITHMS) {
    it(`count by ${algorithm}, tell what is left, and look without using`, async ({ expect }) => {
      const policy = await calls.newPolicy({ algorithm, limit: 3, windowMs: HOUR_MS });
      expect(await look(policy, "ann")).toMatchObject({ allowed: true, remaining: 3 });
      expect(await calls.check(policy)).toMatchObject({ allowed: true, limit: 3, remaining: 2 });
      expect(await calls.check(policy, "ann", 2)).toMatchObject({ allowed: true, remaining: 0 });
      const refused = await calls.check(policy);
      expect(refused).toMatchObject({ allowed: false, remaining: 0 });
      expect(refused.retryAfterMs).toBeGreaterThan(0);
      expect(refused.retryAfterMs).toBeLessThanOrEqual(HOUR_MS);
      expect(await look(policy, "ann")).toMatchObject({ allowed: false, remaining: 0 });
      expect(await calls.check(policy, "bob")).toMatchObject({ allowed: true, remaining: 2 });
    });

    it(`keep callers apart whatever their keys hold (${algorithm})`, async ({ expect }) => {
      const policy = await calls.newPolicy({ algorithm, limit: 1, windowMs: HOUR_MS });
      for (const key of ["a", "a:1", "a%3A1", "*", "ä ☃", "a*"]) {
        expect(await calls.check(policy, key), key).toMatchObject({ allowed: true });
      }
    });

    it(`leave nothing without a TTL (${algorithm})`, async ({ expect }) => {
      const policy = await calls.newPolicy({ algorithm, limit: 3, windowMs: HOUR_MS });
      await calls.passes(policy, 5);
      await calls.check(policy, "bob", 3);
      const keys = await direct.keys(`${stand.keys.counters(policy)}*`);
      expect(keys.length).toBeGreaterThanOrEqual(2);
      for (const key of keys) expect(await direct.pttl(key), key).toBeGreaterThan(0);
    });
  }

  it("let exactly 100 of 200 concurrent checks pass by a fixed window, twenty times in a row", async ({
    expect,
  }) => {
    const passed: number[] = [];
    for (let round = 0; round < 20; round += 1) {
      const policy = await calls.newPolicy({
        algorithm: "fixed-window",
        limit: 100,
        windowMs: HOUR_MS,
      });
      passed.push(await calls.passes(policy, 200));
    }
    expect(passed).toEqual(Array.from({ length: 20 }, () => 100));
  });

  it("fill a token bucket anew when it is deleted and made with a smaller burst", async ({
    expect,
  }) => {
    const bucket = { algorithm: "token-bucket", limit: 1, windowMs: HOUR_MS, burst: 50 } as const;
    const policy = await calls.newPolicy(bucket);
    expect(await calls.passes(policy, 10)).toBe(10);
    await deletePolicy(stand.request(), policy);
    await putPolicy(stand.request(), policy, definitionOf({ ...bucket, burst: 2 }));
    expect(await calls.passes(policy, 10)).toBe(2);
  });

  it("look at a token bucket as a check finds it, with what was refilled since", async ({
    expect,
  }) => {
    const policy = await calls.newPolicy({
      algorithm: "token-bucket",
      limit: 2,
      windowMs: HOUR_MS,
      burst: 5,
    });
    vi.useFakeTimers({ toFake: ["Date"] });
    const startMs = Date.now();
    const at = (ms: number) => vi.setSystemTime(startMs + ms);
    await calls.check(policy, "ann", 5);
    expect(await look(policy, "ann")).toMatchObject({ allowed: false, retryAfterMs: HOUR_MS });
    at(HOUR_MS + 600_000);
    expect(await look(policy, "ann")).toMatchObject({
      allowed: true,
      remaining: 2,
      resetMs: HOUR_MS - 600_000,
      retryAfterMs: 0,
    });
    at(9 * HOUR_MS);
    expect(await look(policy, "ann")).toMatchObject({ remaining: 5 });
    expect(await calls.check(policy, "ann", 5)).toMatchObject({ allowed: true, remaining: 0 });
  });

  it("take a burst beyond the limit with a token bucket only", async ({ expect }) => {
    const policy = await calls.newPolicy({
      algorithm: "token-bucket",
      limit: 1,
      windowMs: HOUR_MS,
      burst: 5,
    });
    expect(await calls.passes(policy, 10)).toBe(5);
  });
});
