import fc from "fast-check";
import { describe, it } from "vitest";
import {
  chosenRankingId,
  closedRankingIds,
  everyRankingId,
  openRankings,
  type PERIODS,
} from "./rankings.ts";
import { dayOf, WINDOWS } from "./windows.ts";

const day = dayOf(Date.parse("2026-10-23"));

describe("rankings of a board", () => {
  it("are that of all time and one for each window", ({ expect }) => {
    const rankings = openRankings({ windows: ["daily", "monthly"] }, day);
    expect(rankings).toEqual([
      { id: "all", expiresAtMs: null },
      { id: "2026-10-23", expiresAtMs: Date.parse("2026-10-25") },
      { id: "2026-10", expiresAtMs: Date.parse("2026-12-01") },
    ]);
  });

  it("stay readable for the period after their own", ({ expect }) => {
    expect(closedRankingIds({ windows: ["daily", "weekly"] }, day)).toEqual([
      "2026-10-22",
      "2026-W42",
    ]);
  });

  it("can be chosen only where the board keeps the window", ({ expect }) => {
    const board = { windows: ["weekly"] } as const;
    const chosen = (
      window: (typeof WINDOWS)[number] | undefined,
      period: (typeof PERIODS)[number],
    ) => chosenRankingId(board, { window, period }, day);
    expect(chosen(undefined, "current")).toBe("all");
    expect(chosen("weekly", "current")).toBe("2026-W43");
    expect(chosen("weekly", "previous")).toBe("2026-W42");
    expect(chosen("daily", "current")).toBeNull();
  });

  it("are all known to whoever empties a board", ({ expect }) => {
    fc.assert(
      fc.property(fc.subarray([...WINDOWS]), fc.integer({ min: 0, max: 73_000 }), (windows, on) => {
        const kept = openRankings({ windows }, on).map(({ id }) => id);
        const every = everyRankingId(on);
        for (const id of [...kept, ...closedRankingIds({ windows }, on)])
          expect(every).toContain(id);
        expect(new Set(every).size).toBe(every.length);
      }),
    );
  });
});
