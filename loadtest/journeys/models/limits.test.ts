import { describe, it } from "vitest";
import { finalUse, KEYS, LIMIT, step } from "./limits.ts";

const SHARES = [0.5, 0.2, 0.1, 0.2];
const LOOK = 3;
const REQUESTS = 10_000;

describe("what the rate-limiting journey expects", () => {
  const use = finalUse(1, REQUESTS, SHARES);

  it("counts every check of the run up to the limit, and no look", ({ expect }) => {
    const asked = new Map<string, number>();
    for (let index = 0; index < REQUESTS; index += 1) {
      const { operation, kind, key } = step(1, index, SHARES);
      if (operation === LOOK) continue;
      asked.set(`${kind} ${key}`, (asked.get(`${kind} ${key}`) ?? 0) + 1);
    }
    for (const kind of ["check", "joint", "fixed"] as const) {
      expect(use[kind]).toHaveLength(KEYS[kind]);
      const expected = use[kind].map((_, key) => Math.min(LIMIT, asked.get(`${kind} ${key}`) ?? 0));
      expect(use[kind]).toEqual(expected);
    }
  });

  it("leaves some callers used up and others not, of every kind", ({ expect }) => {
    for (const used of Object.values(use)) {
      expect(used).toContain(LIMIT);
      expect(used.some((units) => units < LIMIT)).toBe(true);
    }
  });
});
