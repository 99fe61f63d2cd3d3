import { afterAll, beforeAll, describe, it } from "vitest";
import { dice } from "../../local/faults/dice.ts";
import { startTestRedis, type TestRedis } from "../../local/testing/stores.ts";
import { judgeGcra } from "./gcra.ts";
import { withFrozenClock } from "./testing/frozen-clock.ts";
import { createOracle, type OracleCheck } from "./testing/oracle.ts";
import { createStand } from "./testing/stand.ts";

const CHECKS = 100_000;
const LANES = 8;
const KEYS = 40;
const CHECKS_MAX = 8;

const POLICIES = [
  { limit: 1, windowMs: 1_000, burst: 1 },
  { limit: 7, windowMs: 1_000, burst: 3 },
  { limit: 100, windowMs: 60_000, burst: 100 },
  { limit: 3, windowMs: 7, burst: 50 },
  { limit: 999_983, windowMs: 2_678_400_000, burst: 1_000_000 },
  { limit: 1_000_000, windowMs: 1, burst: 1 },
];

let redis: TestRedis;

beforeAll(async () => {
  redis = await startTestRedis();
});

afterAll(() => redis.stop());

/** What differs from the oracle in one lane of the trace; lanes have keys of their own. */
async function runLane(
  lane: number,
  checks: number,
): Promise<{ differences: unknown[]; passed: number }> {
  const random = dice(lane);
  const upTo = (n: number) => Math.floor(random() * n);
  const oracle = createOracle();
  let nowMs = 1_700_000_000_000;
  const stand = createStand(redis, { wrap: (port) => withFrozenClock(port, () => nowMs) });
  const differences: unknown[] = [];
  let passed = 0;
  for (let done = 0; done < checks; ) {
    nowMs += [0, 0, 1, 5, 300, 40_000][upTo(6)] ?? 0;
    const chosen = new Set(Array.from({ length: 1 + upTo(CHECKS_MAX) }, () => upTo(KEYS)));
    const asked = [...chosen].map((key): OracleCheck => {
      const policy = POLICIES[key % POLICIES.length] ?? { limit: 1, windowMs: 1, burst: 1 };
      const cost = random() < 0.5 ? 1 : 1 + upTo(policy.burst);
      return { id: `${key}`, policy, cost };
    });
    const { allowed, verdicts } = await judgeGcra(
      stand.request().redis,
      asked.map(({ id, policy, cost }) => ({
        level: stand.keys.level("trace", id),
        rate: { revision: 1, ...policy },
        cost,
      })),
      { charges: true },
    );
    const found = { allowed, verdicts: verdicts.map(({ limit: _, ...rest }) => rest) };
    const expected = oracle.judge(asked, nowMs);
    if (JSON.stringify(found) !== JSON.stringify(expected)) {
      differences.push({ nowMs, asked, found, expected });
    }
    passed += allowed ? asked.length : 0;
    done += asked.length;
  }
  return { differences, passed };
}

describe("the generic cell rate algorithm", () => {
  it("equals the textbook in exact integers over 100,000 random checks, joint ones among them", async ({
    expect,
  }) => {
    const lanes = await Promise.all(
      Array.from({ length: LANES }, (_, lane) => runLane(lane, CHECKS / LANES)),
    );
    expect(lanes.flatMap(({ differences }) => differences).slice(0, 3)).toEqual([]);
    const passed = lanes.reduce((sum, lane) => sum + lane.passed, 0);
    expect(passed).toBeGreaterThan(CHECKS / 10);
    expect(passed).toBeLessThan(CHECKS * 0.9);
  });
});
