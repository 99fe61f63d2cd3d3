import { describe, it } from "vitest";
import { type Blocked, stillBlocked } from "./blocked.ts";

const policy = { name: "p", limit: 10, windowMs: 1_000 };
const refused = { allowed: false, limit: 10, remaining: 1, resetMs: 900, retryAfterMs: 300 };
const blocked: Blocked = {
  judged: [
    { policy, verdict: refused },
    { policy, verdict: { ...refused, allowed: true, retryAfterMs: 0, resetMs: 100 } },
  ],
  costs: [2, 1],
  sinceMs: 5_000,
};

describe("what is remembered of checks that did not pass", () => {
  it("is what would be said now", ({ expect }) => {
    expect(stillBlocked(blocked, [2, 1], 5_200)?.map(({ verdict }) => verdict)).toEqual([
      { ...refused, resetMs: 700, retryAfterMs: 100 },
      { ...refused, allowed: true, resetMs: 0, retryAfterMs: 0 },
    ]);
  });

  it("holds until the very moment it may pass, and not for a clock that went back", ({
    expect,
  }) => {
    expect(stillBlocked(blocked, [2, 1], 5_299)).not.toBeNull();
    expect(stillBlocked(blocked, [2, 1], 5_300)).toBeNull();
    expect(stillBlocked(blocked, [2, 1], 4_999)).toBeNull();
  });

  it("holds for the same cost or more", ({ expect }) => {
    expect(stillBlocked(blocked, [3, 1], 5_000)).not.toBeNull();
    expect(stillBlocked(blocked, [1, 1], 5_000)).toBeNull();
  });
});
