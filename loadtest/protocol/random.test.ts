import { describe, it } from "vitest";
import { hash32, randomStream, unit } from "./random.ts";
import { pick, zipf } from "./zipf.ts";

const DRAWS = 20_000;

describe("draws", () => {
  it("gives the same number for the same seed, index and salt, and others otherwise", ({
    expect,
  }) => {
    expect(hash32(7, 3, 1)).toBe(hash32(7, 3, 1));
    const numbers = new Set<number>();
    for (const seed of [1, 2]) {
      for (const index of [0, 1, 2, 1_000_000]) {
        for (const salt of [0, 1, 2]) numbers.add(hash32(seed, index, salt));
      }
    }
    expect(numbers.size).toBe(24);
  });

  it("is uniform over consecutive indexes: every twentieth gets its share", ({ expect }) => {
    for (const salt of [0, 1, 2, 3, 4]) {
      const buckets = new Array<number>(20).fill(0);
      for (let index = 0; index < DRAWS; index += 1) {
        const bucket = Math.floor(unit(1, index, salt) * 20);
        buckets[bucket] = (buckets[bucket] ?? 0) + 1;
      }
      for (const count of buckets) expect(Math.abs(count - DRAWS / 20)).toBeLessThan(150);
    }
  });

  it("draws the salts of one index independently of each other", ({ expect }) => {
    let both = 0;
    for (let index = 0; index < DRAWS; index += 1) {
      if (unit(1, index, 1) < 0.5 && unit(1, index, 2) < 0.5) both += 1;
    }
    expect(both / DRAWS).toBeGreaterThan(0.23);
    expect(both / DRAWS).toBeLessThan(0.27);
  });

  it("repeats a stream from its seed", ({ expect }) => {
    const [a, b] = [randomStream(5), randomStream(5)];
    expect([a(), a(), a()]).toEqual([b(), b(), b()]);
    expect(randomStream(6)()).not.toBe(randomStream(5)());
  });
});

describe("zipf", () => {
  it("gives the hottest of 1,000 keys 13 % and the hottest tenth 69 % of the draws", ({
    expect,
  }) => {
    const rank = zipf(1_000);
    let hottest = 0;
    let tenth = 0;
    for (let index = 0; index < DRAWS; index += 1) {
      const drawn = rank(unit(3, index));
      if (drawn === 0) hottest += 1;
      if (drawn < 100) tenth += 1;
    }
    expect(hottest / DRAWS).toBeCloseTo(0.129, 1);
    expect(tenth / DRAWS).toBeCloseTo(0.69, 1);
  });

  it("stays inside its range at both ends", ({ expect }) => {
    const rank = zipf(10);
    expect(rank(0)).toBe(0);
    expect(rank(1 - Number.EPSILON)).toBe(9);
  });

  it("picks by share, and the last place for whatever rounding leaves over", ({ expect }) => {
    const shares = [0.5, 0.3, 0.2];
    expect([0, 0.49, 0.5, 0.79, 0.81, 0.9999999].map((u) => pick(shares, u))).toEqual([
      0, 0, 1, 1, 2, 2,
    ]);
  });
});
