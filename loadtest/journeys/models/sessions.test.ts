import { describe, it } from "vitest";
import { ARTICLES, FIELDS, left, SESSIONS, step } from "./sessions.ts";

const SHARES = [0.5, 0.3, 0.1, 0.05, 0.05];
const [PATCH, ADD] = [1, 2];
const RUN = { seed: 1, requests: 10_000 };

describe("what the session journey expects", () => {
  const { writers, carts, changes } = left(RUN, SHARES, { patch: PATCH, add: ADD });

  it("counts every patch and every add of the run, and nothing else", ({ expect }) => {
    let [patches, adds] = [0, 0];
    for (let index = 0; index < RUN.requests; index += 1) {
      const { operation, session, field } = step(RUN.seed, index, SHARES);
      if (operation === ADD) adds += 1;
      if (operation !== PATCH) continue;
      patches += 1;
      expect(writers[session]?.[field]?.has(index)).toBe(true);
    }
    const sum = (numbers: readonly number[]) => numbers.reduce((a, b) => a + b, 0);
    expect(sum(writers.flat().map((requests) => requests.size))).toBe(patches);
    expect(sum(carts.flat())).toBe(adds);
    expect(sum(changes)).toBe(patches + adds);
  });

  it("meets nearly every session, most fields at most once, and some more often", ({ expect }) => {
    expect(changes).toHaveLength(SESSIONS);
    expect(changes.filter((times) => times > 0).length).toBeGreaterThan(0.9 * SESSIONS);
    expect(writers[0]).toHaveLength(FIELDS);
    expect(carts[0]).toHaveLength(ARTICLES);
    const sizes = writers.flat().map((requests) => requests.size);
    expect(sizes.filter((size) => size > 1).length).toBeGreaterThan(0);
    expect(sizes.filter((size) => size === 1).length).toBeGreaterThan(RUN.requests / 5);
    expect(carts.flat().some((quantity) => quantity > 1)).toBe(true);
  });
});
