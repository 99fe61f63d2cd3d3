import fc from "fast-check";
import { describe, it } from "vitest";
import {
  boardViolations,
  disorder,
  type Entry,
  finalScores,
  MEMBERS,
  memberName,
  memberOf,
  step,
} from "./rankings.ts";

const SHARES = [0.5, 0.25, 0.15, 0.1];

/** The board that must be left, sorted by the dumbest means. */
function sortedBoard(scores: readonly number[]): Entry[] {
  return scores
    .map((score, member) => ({ member: memberName(member), score }))
    .sort((a, b) => b.score - a.score || (a.member < b.member ? -1 : 1))
    .map((entry, place) => ({ ...entry, rank: place + 1 }));
}

const { best, sum } = finalScores(1, 5_000, SHARES, 0);
const right = sortedBoard(best);
const violations = (entries: readonly Entry[]) =>
  boardViolations({ scores: best, entries, tiesByName: true });

describe("what the leaderboard journey expects", () => {
  it("adds up every submit of the run and nothing else", ({ expect }) => {
    let added = 0;
    for (let index = 0; index < 5_000; index += 1) {
      const drawn = step(1, index, SHARES);
      if (drawn.operation === 0 && drawn.board === "sum") added += drawn.score;
    }
    expect(sum.reduce((total, score) => total + score, 0)).toBe(added);
    expect(added).toBeGreaterThan(0);
  });

  it("follows the shares and leaves many ties", ({ expect }) => {
    const counts = [0, 0, 0, 0];
    for (let index = 0; index < 20_000; index += 1) {
      const { operation } = step(2, index, SHARES);
      counts[operation] = (counts[operation] ?? 0) + 1;
    }
    for (const [place, share] of SHARES.entries()) {
      expect((counts[place] ?? 0) / 20_000).toBeCloseTo(share, 1);
    }
    expect(new Set(best).size).toBeLessThan(MEMBERS * 0.8);
  });

  it("names members uniquely and reads the names back", ({ expect }) => {
    const names = Array.from({ length: MEMBERS }, (_, member) => memberName(member));
    expect(new Set(names).size).toBe(MEMBERS);
    expect(names.map(memberOf)).toEqual(names.map((_, member) => member));
  });

  it("accepts the right board", ({ expect }) => {
    expect(violations(right)).toEqual([]);
  });

  it("finds a lost score, a doubled one, a missing member and a member listed twice", ({
    expect,
  }) => {
    const changed = (change: (entry: Entry) => Entry) =>
      right.map((entry) => (entry.rank === 500 ? change(entry) : entry));
    expect(
      violations(changed((entry) => ({ ...entry, score: entry.score - 1 }))).length,
    ).toBeGreaterThan(0);
    expect(
      violations(changed((entry) => ({ ...entry, score: entry.score + 1 }))).length,
    ).toBeGreaterThan(0);
    const [top] = right;
    if (!top) throw new Error("the board has entries");
    expect(violations(right.with(0, { ...top, score: top.score + 1 }))).toEqual([
      `${top.member} has ${top.score + 1} instead of ${top.score}`,
    ]);
    expect(violations(right.slice(0, -1))).toContain(`1 of ${MEMBERS} members are missing`);
    expect(
      violations(changed((entry) => ({ ...entry, member: right[0]?.member ?? "" }))).join(),
    ).toMatch(/listed twice/);
  });

  it("finds equal scores in the wrong order", ({ expect }) => {
    const place = right.findIndex((entry, at) => entry.score === right[at + 1]?.score);
    const [first, second] = [right[place], right[place + 1]];
    if (!first || !second) throw new Error("the seed leaves ties");
    const swapped = right
      .with(place, { ...second, rank: first.rank })
      .with(place + 1, { ...first, rank: second.rank });
    expect(violations(swapped).join()).toMatch(/equal and in the wrong order/);
    expect(boardViolations({ scores: best, entries: swapped, tiesByName: false })).toEqual([]);
  });

  it("finds any wrong rank and any rising score on a page", ({ expect }) => {
    const page = right.slice(10, 21);
    expect(disorder(page, 11)).toBeNull();
    fc.assert(
      fc.property(fc.nat({ max: 10 }), fc.constantFrom("rank", "score"), (at, field) => {
        const entry = page[at];
        if (!entry) return;
        const broken = page.with(at, {
          ...entry,
          [field]: field === "rank" ? entry.rank + 1 : 10_000,
        });
        expect(disorder(broken, 11) !== null).toBe(field === "rank" || at > 0);
      }),
    );
  });
});
