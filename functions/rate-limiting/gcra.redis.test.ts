import { Redis } from "ioredis";
import { afterAll, beforeAll, beforeEach, describe, it } from "vitest";
import { dice } from "../../local/faults/dice.ts";
import { startTestRedis, type TestRedis } from "../../local/testing/stores.ts";
import { checkNamed } from "./check.ts";
import { judgeGcra, type Rate } from "./gcra.ts";
import { createCalls } from "./testing/calls.ts";
import { withFrozenClock } from "./testing/frozen-clock.ts";
import { createStand, type Stand } from "./testing/stand.ts";
import { lookAtUsage } from "./usage.ts";

const HOUR_MS = 3_600_000;
const NOW_MS = 1_800_000_000_000;

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

/** A limiter on a clock that the test sets, asked about one level. */
function frozenLevel(start = NOW_MS) {
  let nowMs = start;
  const frozen = createStand(redis, { wrap: (port) => withFrozenClock(port, () => nowMs) });
  const level = frozen.keys.level("p", crypto.randomUUID());
  return {
    at(ms: number) {
      nowMs = start + ms;
      return this;
    },
    async check(rate: Rate, cost = 1) {
      const { redis: port } = frozen.request();
      const reply = await judgeGcra(port, [{ level, rate, cost }], { charges: true });
      return { ...reply.verdicts[0], wasStale: reply.wasStale };
    },
  };
}

const rate = (revision: number, limit: number, windowMs: number, burst = limit): Rate => ({
  revision,
  limit,
  windowMs,
  burst,
});

describe("a limit of 100 in an hour", () => {
  it("lets exactly 100 of 200 concurrent checks pass, twenty times in a row", async ({
    expect,
  }) => {
    const passed: number[] = [];
    for (let round = 0; round < 20; round += 1) {
      const policy = await calls.newPolicy({ limit: 100, windowMs: HOUR_MS });
      passed.push(await calls.passes(policy, 200));
    }
    expect(passed).toEqual(Array.from({ length: 20 }, () => 100));
  });

  it("is one limit for isolates whose clocks are five seconds apart", async ({ expect }) => {
    const other = stand.another();
    stand.setAhead(5_000);
    other.setAhead(-5_000);
    const policy = await calls.newPolicy({ limit: 100, windowMs: 1_000, burst: 100 });
    const started = Date.now();
    const both = await Promise.all([
      calls.passes(policy, 150),
      createCalls(other).passes(policy, 150),
    ]);
    const tookMs = Date.now() - started;
    const passed = both[0] + both[1];
    expect(passed).toBeGreaterThanOrEqual(100);
    expect(passed).toBeLessThanOrEqual(101 + tookMs / 10);
  });
});

describe("a check", () => {
  it("is told when it will pass, and passes then and not a millisecond before", async ({
    expect,
  }) => {
    const level = frozenLevel();
    const five = rate(1, 5, 1_000);
    for (let n = 4; n >= 0; n -= 1) {
      expect(await level.check(five)).toMatchObject({ allowed: true, remaining: n });
    }
    expect(await level.check(five)).toMatchObject({
      allowed: false,
      remaining: 0,
      resetMs: 1_000,
      retryAfterMs: 200,
    });
    expect(await level.at(199).check(five)).toMatchObject({ allowed: false, retryAfterMs: 1 });
    expect(await level.at(200).check(five)).toMatchObject({ allowed: true, retryAfterMs: 0 });
  });

  it("that does not pass uses nothing, whatever it costs", async ({ expect }) => {
    const level = frozenLevel();
    const ten = rate(1, 10, 1_000);
    await level.check(ten, 9);
    for (let n = 0; n < 5; n += 1) {
      expect(await level.check(ten, 3)).toMatchObject({ allowed: false, retryAfterMs: 200 });
    }
    expect(await level.check(ten, 1)).toMatchObject({ allowed: true, remaining: 0 });
  });

  it("gains nothing by a store clock that steps back, and loses no more than a window", async ({
    expect,
  }) => {
    const level = frozenLevel();
    const ten = rate(1, 10, 1_000);
    await level.check(ten, 10);
    expect(await level.at(-60_000).check(ten)).toMatchObject({
      allowed: false,
      retryAfterMs: 1_100,
    });
    expect(await level.at(0).check(ten)).toMatchObject({ allowed: false });
    const jumped = frozenLevel();
    await jumped.at(HOUR_MS).check(ten, 10);
    await jumped.at(0).check(ten, 1);
    expect(await jumped.at(1).check(ten, 1)).toMatchObject({ allowed: false, retryAfterMs: 1_099 });
    expect(await jumped.at(1_099).check(ten, 1)).toMatchObject({ allowed: false, retryAfterMs: 1 });
    expect(await jumped.at(1_100).check(ten, 1)).toMatchObject({ allowed: true, remaining: 0 });
    const twice = frozenLevel();
    await twice.at(HOUR_MS).check(ten, 10);
    await twice.at(1_000).check(ten);
    expect(await twice.at(0).check(ten)).toMatchObject({ allowed: false, retryAfterMs: 1_100 });
    await twice.at(HOUR_MS).check(ten);
    expect(await twice.at(9_000).check(ten)).toMatchObject({ allowed: false, retryAfterMs: 1_100 });
    expect(await twice.at(10_100).check(ten)).toMatchObject({ allowed: true });
    expect(await twice.at(10_200).check(ten)).toMatchObject({ allowed: true, remaining: 0 });
    expect(await twice.at(10_200).check(ten)).toMatchObject({ allowed: false, retryAfterMs: 100 });
  });

  it("of cost 1 is what looking tells, and looking changes nothing", async ({ expect }) => {
    const policy = await calls.newPolicy({ limit: 2, windowMs: HOUR_MS });
    const [known] = await Promise.all([
      checkNamed(stand.request(), [{ policy, key: "ann", cost: 1 }]),
    ]);
    const found = known.kind === "judged" ? known.judged[0]?.policy : undefined;
    if (!found) throw new Error("no policy");
    const look = () => lookAtUsage(stand.request(), { ...found, ...definition(2) }, "ann");
    expect(await look()).toMatchObject({ allowed: true, limit: 2, remaining: 1 });
    expect(await look()).toMatchObject({ allowed: true, limit: 2, remaining: 1 });
    await calls.check(policy);
    expect(await look()).toMatchObject({ allowed: false, remaining: 0 });
    const untouched = await lookAtUsage(stand.request(), { ...found, ...definition(2) }, "bob");
    expect(untouched).toEqual({
      allowed: true,
      limit: 2,
      remaining: 2,
      resetMs: 0,
      retryAfterMs: 0,
    });
    expect(await direct.exists(stand.keys.level(policy, "bob"))).toBe(0);
  });
});

const definition = (limit: number) => ({
  algorithm: "gcra" as const,
  limit,
  windowMs: HOUR_MS,
  burst: limit,
  onError: "closed" as const,
  revision: 1,
});

describe("checks by several policies", () => {
  it("are charged all or none, and each says what it came to", async ({ expect }) => {
    const wide = await calls.newPolicy({ limit: 100, windowMs: HOUR_MS });
    const narrow = await calls.newPolicy({ limit: 2, windowMs: HOUR_MS });
    const both = () =>
      checkNamed(stand.request(), [
        { policy: wide, key: "ann", cost: 10 },
        { policy: narrow, key: "ann", cost: 1 },
      ]);
    expect(await both()).toMatchObject({ allowed: true });
    expect(await both()).toMatchObject({ allowed: true });
    expect(await both()).toMatchObject({
      allowed: false,
      judged: [
        { verdict: { allowed: true, limit: 100, remaining: 80, retryAfterMs: 0 } },
        { verdict: { allowed: false, limit: 2, remaining: 0 } },
      ],
    });
    const turned = [
      { policy: narrow, key: "ann", cost: 1 },
      { policy: wide, key: "ann", cost: 10 },
    ];
    expect(await checkNamed(stand.request(), turned)).toMatchObject({ allowed: false });
    expect(await calls.check(wide, "ann", 80)).toMatchObject({ allowed: true, remaining: 0 });
  });
});

describe("a policy that changes", () => {
  it("keeps what is used, also in another window", async ({ expect }) => {
    const level = frozenLevel();
    await level.check(rate(1, 100, 1_000), 60);
    expect(await level.check(rate(2, 100, HOUR_MS), 40)).toMatchObject({
      allowed: true,
      remaining: 0,
    });
    expect(await level.check(rate(3, 200, HOUR_MS))).toMatchObject({
      allowed: true,
      remaining: 99,
    });
    expect(await level.check(rate(4, 10, HOUR_MS))).toMatchObject({ allowed: false, remaining: 0 });
  });

  it("is gone by as soon as one check has been judged by it, passed or not", async ({ expect }) => {
    for (const limit of [5, 1]) {
      const level = frozenLevel();
      await level.check(rate(1, 10, HOUR_MS), 3);
      await level.check(rate(2, limit, HOUR_MS));
      const late = await level.check(rate(1, 10, HOUR_MS), 4);
      expect(late).toMatchObject({ allowed: false, limit, wasStale: true });
    }
  });

  it("never lets more pass than the larger burst and the faster rate, however checks interleave", async ({
    expect,
  }) => {
    for (let seed = 0; seed < 40; seed += 1) {
      const random = dice(seed);
      const upTo = (n: number) => Math.floor(random() * n);
      const policies = [1, 2, 3].map((revision) =>
        rate(revision, 1 + upTo(20), [100, 1_000, 3_000][upTo(3)] ?? 1, 1 + upTo(20)),
      );
      const level = frozenLevel();
      const passed: { atMs: number; cost: number }[] = [];
      let atMs = 0;
      for (let n = 0; n < 60; n += 1) {
        atMs += upTo(60);
        const newest = Math.floor((n / 60) * 3);
        const used = policies[Math.max(0, newest - upTo(2))] ?? rate(1, 1, 1);
        const cost = 1 + upTo(Math.min(3, used.burst));
        const { allowed } = await level.at(atMs).check(used, cost);
        if (allowed) passed.push({ atMs, cost });
      }
      const burst = Math.max(...policies.map((policy) => policy.burst));
      const perMs = Math.max(...policies.map(({ limit, windowMs }) => limit / windowMs));
      for (const [i, first] of passed.entries()) {
        let sum = 0;
        for (const { atMs: at, cost } of passed.slice(i)) {
          sum += cost;
          expect(sum, `seed ${seed}`).toBeLessThanOrEqual(burst + (at - first.atMs) * perMs + 1e-6);
        }
      }
    }
  });
});

describe("what is left in the store", () => {
  it("expires when it has drained, and not before a change of policy is known everywhere", async ({
    expect,
  }) => {
    const slow = await calls.newPolicy({ limit: 10, windowMs: HOUR_MS });
    await calls.check(slow);
    await calls.check(slow);
    const slowMs = await direct.pttl(stand.keys.level(slow, "ann"));
    expect(slowMs).toBeGreaterThan((2 * HOUR_MS) / 10 - 2_000);
    expect(slowMs).toBeLessThanOrEqual((2 * HOUR_MS) / 10);
    const fast = await calls.newPolicy({ limit: 10, windowMs: 10 });
    await calls.check(fast);
    const fastMs = await direct.pttl(stand.keys.level(fast, "ann"));
    expect(fastMs).toBeGreaterThan(5_000);
    expect(fastMs).toBeLessThanOrEqual(6_000);
  });
});
