import { afterAll, afterEach, beforeAll, describe, it } from "vitest";
import { startTestRedis, type TestRedis } from "../../local/testing/stores.ts";
import { checkNamed, OPEN_BUDGET_MS } from "./check.ts";
import { createCalls } from "./testing/calls.ts";
import { createStand } from "./testing/stand.ts";

const HOUR_MS = 3_600_000;

let redis: TestRedis;

beforeAll(async () => {
  redis = await startTestRedis();
});

afterAll(() => redis.stop());

afterEach(() => {
  redis.faults.clear();
});

describe("a decision by a level that knows a newer policy", () => {
  const HOURLY = { limit: 10, windowMs: HOUR_MS, onError: "open" } as const;

  /** An isolate that knows the policy before, and how it asks. */
  async function staleIsolate() {
    const stand = createStand(redis);
    const newer = createCalls(stand);
    const policy = await newer.newPolicy(HOURLY);
    const stale = stand.another();
    const ask = (key: string, cost: number) => checkNamed(stale.request(), [{ policy, key, cost }]);
    await ask("warm", 1);
    await newer.change(policy, { ...HOURLY, limit: 5, windowMs: 2 * HOUR_MS });
    await newer.check(policy);
    return { policy, ask };
  }

  const requests = () =>
    Object.values(redis.http.counters()).reduce((sum, counter) => sum + counter.requests, 0);

  it("names that policy, and is remembered by it", async ({ expect }) => {
    const { policy, ask } = await staleIsolate();
    const named = { name: policy, limit: 5, windowMs: 2 * HOUR_MS };
    const refused = { allowed: false, judged: [{ policy: named, verdict: { limit: 5 } }] };
    expect(await ask("ann", 5)).toMatchObject(refused);
    const before = requests();
    for (const trips of [1, 1]) {
      expect(await ask("ann", 5)).toMatchObject(refused);
      expect(requests() - before).toBe(trips);
    }
  });

  it("says that a cost could never pass by it", async ({ expect }) => {
    const { ask } = await staleIsolate();
    const never = { kind: "cost_too_high", which: 0, costMax: 5 };
    expect(await ask("ann", 6)).toEqual(never);
    expect(await ask("ann", 6)).toEqual(never);
  });

  it("takes no longer than one budget for both trips", async ({ expect }) => {
    const { ask } = await staleIsolate();
    redis.faults.add({ target: "main", kind: "delay", delayMs: 200 });
    const startedAtMs = Date.now();
    expect(await ask("ann", 1)).toMatchObject({ kind: "let_pass" });
    expect(Date.now() - startedAtMs).toBeLessThan(OPEN_BUDGET_MS + 90);
  });
});
