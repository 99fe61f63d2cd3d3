import { describe, it } from "vitest";
import { type Blocked, memoryKey, stillBlocked } from "./blocked.ts";

const policy = { name: "p", limit: 10, windowMs: 1_000, burst: 10 };
const refused = { allowed: false, limit: 10, remaining: 1, resetMs: 900, retryAfterMs: 300 };
const blocked: Blocked = {
  judged: [
    { policy, verdict: refused },
    { policy, verdict: { ...refused, allowed: true, retryAfterMs: 0, resetMs: 100 } },
  ],
  costs: [2, 1],
  revisions: [7, 3],
  sentAtMs: 4_900,
  toldAtMs: 5_000,
};

const asked = (costs: readonly number[], revisions: readonly number[] = [7, 3]) =>
  costs.map((cost, i) => ({ cost, policy: { revision: revisions[i] ?? 0 } }));

describe("what is remembered of checks that did not pass", () => {
  it("is what would be said now", ({ expect }) => {
    expect(stillBlocked(blocked, asked([2, 1]), 5_150)?.map(({ verdict }) => verdict)).toEqual([
      { ...refused, resetMs: 750, retryAfterMs: 150 },
      { ...refused, allowed: true, resetMs: 0, retryAfterMs: 0 },
    ]);
  });

  it("holds until the very moment it may pass, and not for a clock that went back", ({
    expect,
  }) => {
    expect(stillBlocked(blocked, asked([2, 1]), 5_199)).not.toBeNull();
    expect(stillBlocked(blocked, asked([2, 1]), 5_200)).toBeNull();
    expect(stillBlocked(blocked, asked([2, 1]), 4_999)).toBeNull();
  });

  it("holds for the same cost or more", ({ expect }) => {
    expect(stillBlocked(blocked, asked([3, 1]), 5_000)).not.toBeNull();
    expect(stillBlocked(blocked, asked([1, 1]), 5_000)).toBeNull();
  });

  it("holds by the policies that it was judged by, or older ones", ({ expect }) => {
    expect(stillBlocked(blocked, asked([2, 1], [6, 1]), 5_000)).not.toBeNull();
    expect(stillBlocked(blocked, asked([2, 1], [7, 4]), 5_000)).toBeNull();
  });

  it("is remembered by a short name, and by another one for each list of levels", ({ expect }) => {
    const long = (last: string) => Array.from({ length: 8 }, () => `${"%E2".repeat(500)}${last}`);
    expect(memoryKey(long("a")).length).toBeLessThanOrEqual(256);
    expect(memoryKey(long("a"))).not.toBe(memoryKey(long("b")));
    expect(memoryKey(["a", "b"])).not.toBe(memoryKey(["b", "a"]));
  });
});
