import { setTimeout as pause } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, beforeEach, describe, it } from "vitest";
import { startTestRedis, type TestRedis } from "../../local/testing/stores.ts";
import { UpstreamError } from "../../shared/kernel/errors.ts";
import { checkNamed, OPEN_BUDGET_MS, REFUSAL_MS } from "./check.ts";
import { readPolicy } from "./policies.ts";
import type { Algorithm } from "./policy.ts";
import { createCalls } from "./testing/calls.ts";
import { createStand, type Stand } from "./testing/stand.ts";
import { lookAtUsage, resetUsage } from "./usage.ts";

const HOUR_MS = 3_600_000;

let redis: TestRedis;
let stand: Stand;
let calls: ReturnType<typeof createCalls>;

beforeAll(async () => {
  redis = await startTestRedis();
});

afterAll(() => redis.stop());

beforeEach(() => {
  stand = createStand(redis);
  calls = createCalls(stand);
});

afterEach(() => {
  redis.faults.clear();
});

/** Requests that the store's front has seen: its word, not the app's. */
async function trips(work: () => Promise<unknown>): Promise<number> {
  const count = () =>
    Object.values(redis.http.counters()).reduce((sum, { requests }) => sum + requests, 0);
  const before = count();
  await work();
  return count() - before;
}

const ask = (policies: readonly string[], key = "ann", cost = 1) =>
  checkNamed(
    stand.request(),
    policies.map((policy) => ({ policy, key, cost })),
  );

async function usage(policy: string, key = "ann") {
  const found = await readPolicy(stand.request(), policy);
  if (found === null) throw new Error("no policy");
  return await lookAtUsage(stand.request(), found, key);
}

describe("a decision", () => {
  it("takes one trip while the isolate knows the policies, and two before", async ({ expect }) => {
    const [a, b] = [await calls.newPolicy(), await calls.newPolicy()];
    await ask([a, b]);
    expect(await trips(() => ask([a]))).toBe(1);
    expect(await trips(() => ask([a, b]))).toBe(1);
    stand = stand.another();
    expect(await trips(() => ask([a, b]))).toBe(2);
  });

  it("is not made without a policy, by algorithms that do not combine, or at a cost that never passes", async ({
    expect,
  }) => {
    const gcra = await calls.newPolicy({ limit: 10, burst: 5 });
    const fixed = await calls.newPolicy({ algorithm: "fixed-window", limit: 10, burst: 10 });
    expect(await ask(["no-such"])).toEqual({ kind: "no_such_policy", which: 0 });
    expect(await ask([gcra, "no-such"])).toEqual({ kind: "no_such_policy", which: 1 });
    expect(await ask([gcra, fixed])).toEqual({ kind: "not_combinable", which: 1 });
    expect(await ask([gcra], "ann", 6)).toEqual({ kind: "cost_too_high", which: 0, costMax: 5 });
    expect(await ask([gcra], "ann", 5)).toMatchObject({ allowed: true });
    expect(await ask([fixed], "ann", 11)).toMatchObject({ kind: "cost_too_high", costMax: 10 });
    expect(await ask([fixed], "ann", 10)).toMatchObject({ allowed: true });
  });
});

describe("what cannot pass yet", () => {
  it("is refused from memory at no trip, with the time that is left", async ({ expect }) => {
    const policy = await calls.newPolicy({ limit: 2, windowMs: HOUR_MS });
    await calls.check(policy, "ann", 2);
    const first = await calls.check(policy);
    expect(first.allowed).toBe(false);
    expect(first.retryAfterMs).toBeGreaterThan(HOUR_MS / 2 - 5_000);
    expect(first.retryAfterMs).toBeLessThanOrEqual(HOUR_MS / 2);
    stand.setAhead(400);
    let again = first;
    expect(
      await trips(async () => {
        again = await calls.check(policy);
      }),
    ).toBe(0);
    expect(again).toMatchObject({ allowed: false, limit: 2, remaining: 0 });
    expect(first.retryAfterMs - again.retryAfterMs).toBeGreaterThanOrEqual(400);
    expect(first.resetMs - again.resetMs).toBe(first.retryAfterMs - again.retryAfterMs);
    stand.setAhead(1_100);
    expect(await trips(() => calls.check(policy))).toBe(1);
  });

  it("is asked about again at a lower cost, and when its time has come", async ({ expect }) => {
    const policy = await calls.newPolicy({ limit: 10, windowMs: 2_000 });
    await calls.check(policy, "ann", 9);
    expect(await calls.check(policy, "ann", 3)).toMatchObject({ allowed: false });
    expect(await trips(() => calls.check(policy, "ann", 4))).toBe(0);
    let cheaper = { allowed: false };
    expect(
      await trips(async () => {
        cheaper = await calls.check(policy, "ann", 1);
      }),
    ).toBe(1);
    expect(cheaper.allowed).toBe(true);
    stand.setAhead(700);
    expect(await trips(() => calls.check(policy, "ann", 3))).toBe(1);
  });

  it("is remembered for the same checks together, and for no other key", async ({ expect }) => {
    const wide = await calls.newPolicy({ limit: 100, windowMs: HOUR_MS });
    const narrow = await calls.newPolicy({ limit: 1, windowMs: HOUR_MS });
    await ask([wide, narrow]);
    expect(await ask([wide, narrow])).toMatchObject({ allowed: false });
    expect(await trips(() => ask([wide, narrow]))).toBe(0);
    expect(await trips(() => ask([wide]))).toBe(1);
    expect(await trips(() => ask([wide, narrow], "bob"))).toBe(1);
  });

  it("is always asked about where the algorithm cannot say when it passes", async ({ expect }) => {
    const trip = async (algorithm: Algorithm) => {
      const policy = await calls.newPolicy({ algorithm, limit: 1, windowMs: HOUR_MS });
      await calls.passes(policy, 2);
      return await trips(() => calls.check(policy));
    };
    expect(await trip("sliding-window")).toBe(1);
    expect(await trip("token-bucket")).toBe(1);
    expect(await trip("fixed-window")).toBe(0);
  });

  it("is told no shorter time from memory than is left, however slow the store was", async ({
    expect,
  }) => {
    const policy = await calls.newPolicy({ limit: 1, windowMs: HOUR_MS });
    await calls.check(policy);
    redis.faults.add({ target: "main", kind: "delay", delayMs: 600, count: 1 });
    const first = await calls.check(policy);
    const again = await calls.check(policy);
    const { retryAfterMs } = await usage(policy);
    expect(first.retryAfterMs).toBeGreaterThanOrEqual(again.retryAfterMs);
    expect(again.retryAfterMs).toBeGreaterThanOrEqual(retryAfterMs);
    expect(again.resetMs).toBeGreaterThanOrEqual(retryAfterMs);
  });

  it("passes at once in this isolate by a policy that was raised, also where that is known from a level", async ({
    expect,
  }) => {
    const policy = await calls.newPolicy({ limit: 1, windowMs: HOUR_MS });
    const other = createCalls(stand.another());
    expect(await calls.passes(policy, 2)).toBe(1);
    expect(await other.passes(policy, 2)).toBe(0);
    await calls.change(policy, { limit: 2, windowMs: HOUR_MS });
    expect(await calls.passes(policy, 2)).toBe(1);
    expect(await calls.check(policy)).toMatchObject({ allowed: false, limit: 2 });
    expect(await trips(() => calls.check(policy))).toBe(0);
  });

  it("passes at once in this isolate after a reset", async ({ expect }) => {
    for (const algorithm of ["gcra", "fixed-window", "sliding-window", "token-bucket"] as const) {
      const policy = await calls.newPolicy({ algorithm, limit: 2, windowMs: HOUR_MS });
      expect(await calls.passes(policy, 3)).toBe(2);
      const found = await readPolicy(stand.request(), policy);
      if (found === null) throw new Error("no policy");
      await calls.check(policy, "bob", 2);
      await resetUsage(stand.request(), found, "ann");
      expect(await usage(policy), algorithm).toMatchObject({ allowed: true, remaining: 2 });
      expect(await calls.passes(policy, 3), algorithm).toBe(2);
      expect(await usage(policy, "bob"), algorithm).toMatchObject({ remaining: 0 });
    }
  });
});

describe("a reset", () => {
  it("that comes late forgets nothing that was used since", async ({ expect }) => {
    const policy = await calls.newPolicy({ limit: 2, windowMs: HOUR_MS });
    const found = await readPolicy(stand.request(), policy);
    if (found === null) throw new Error("no policy");
    redis.faults.add({ target: "main", command: "EVALSHA", kind: "delay", delayMs: 900, count: 1 });
    await resetUsage(stand.request(), found, "ann");
    await calls.check(policy, "ann", 2);
    await pause(1_000);
    expect(await usage(policy)).toMatchObject({ allowed: false });
  });
});

describe("a reset that arrives when its caller has given up", () => {
  it("forgets nothing", async ({ expect }) => {
    const policy = await calls.newPolicy({ limit: 2, windowMs: HOUR_MS });
    const found = await readPolicy(stand.request(), policy);
    if (found === null) throw new Error("no policy");
    await calls.check(policy, "ann", 2);
    redis.faults.add({ target: "main", command: "EVALSHA", kind: "delay", delayMs: 800 });
    const reset = resetUsage(stand.request({ deadlineMs: 400 }), found, "ann");
    await expect(reset).rejects.toMatchObject({ outcome: "unknown" });
    redis.faults.clear();
    await pause(1_000);
    expect(await usage(policy)).toMatchObject({ allowed: false });
  });
});

describe("a store that does not answer", () => {
  const cases = [
    { kind: "drop-response", charged: 1 },
    { kind: "drop-request", charged: 0 },
    { kind: "garbage", charged: 1 },
    { kind: "error", charged: 0 },
  ] as const;
  for (const { kind, charged } of cases) {
    it(`is asked once (${kind}): what was charged stays charged`, async ({ expect }) => {
      const open = await calls.newPolicy({ windowMs: HOUR_MS, onError: "open" });
      const closed = await calls.newPolicy({ windowMs: HOUR_MS });
      for (const policy of [open, closed]) await calls.check(policy, "warm");
      redis.faults.add({ target: "main", command: "EVALSHA", kind, count: 2 });
      expect(await ask([open])).toMatchObject({ kind: "let_pass", policies: [{ name: open }] });
      await expect(ask([closed])).rejects.toMatchObject({ dependency: "redis" });
      redis.faults.clear();
      for (const policy of [open, closed]) {
        expect(await usage(policy)).toMatchObject({ remaining: 10 - charged });
      }
    });
  }

  it("keeps nobody longer than the budget, and closed wins over open", async ({ expect }) => {
    const open = await calls.newPolicy({ onError: "open" });
    const closed = await calls.newPolicy();
    for (const policy of [open, closed]) await calls.check(policy, "warm");
    redis.faults.add({ target: "main", kind: "delay", delayMs: 3_000 });
    const deadlineMs = 1_500;
    const decide = async (policies: readonly string[]) => {
      const named = policies.map((policy) => ({ policy, key: "ann", cost: 1 }));
      const startedAtMs = Date.now();
      const kind = await checkNamed(stand.request({ deadlineMs }), named).then(
        (decision) => decision.kind,
        (error: unknown) => (error instanceof UpstreamError ? error.fault : error),
      );
      return { kind, tookMs: Date.now() - startedAtMs };
    };
    const first = await decide([open]);
    expect(first.kind).toBe("let_pass");
    expect(first.tookMs).toBeGreaterThanOrEqual(OPEN_BUDGET_MS - 5);
    expect(first.tookMs).toBeLessThan(OPEN_BUDGET_MS + 250);
    const second = await decide([open, closed]);
    expect(second.kind).toBe("timeout");
    expect(second.tookMs).toBeGreaterThanOrEqual(deadlineMs - REFUSAL_MS - 5);
    expect(second.tookMs).toBeLessThan(deadlineMs);
  });

  it("is answered for by the policy that was known last, for ten minutes", async ({ expect }) => {
    const open = await calls.newPolicy({ onError: "open" });
    const closed = await calls.newPolicy();
    stand.setAhead(60_000);
    redis.faults.add({ target: "main", kind: "refuse" });
    expect(await ask([open])).toMatchObject({ kind: "let_pass" });
    await expect(ask([closed])).rejects.toMatchObject({ outcome: "not_applied" });
    await expect(ask([open, "never-seen"])).rejects.toThrow();
    stand.setAhead(601_000);
    await expect(ask([open])).rejects.toThrow();
  });
});
