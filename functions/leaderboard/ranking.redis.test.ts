import { describe, inject, it } from "vitest";
import { createBoard, removeBoard, resetBoard } from "./boards.ts";
import { decodeCursor, encodeCursor } from "./cursor.ts";
import { removeMember } from "./members.ts";
import { PAGE_ENTRIES_MAX, RADIUS_MAX, readAround, readRange, readTop } from "./ranking.ts";
import type { RankingChoice } from "./rankings.ts";
import { ALL_TIME, createCalls, windowed } from "./testing/calls.ts";
import { createStand, definitionOf } from "./testing/stand.ts";
import { withStoreClock } from "./testing/store-clock.ts";
import { createTap } from "./testing/tap.ts";

const DAY_MS = 86_400_000;

const clock = { aheadMs: 0 };
const tap = createTap(() => createStand(inject("redis")).request().redis);
const stand = createStand(inject("redis"), {
  wrap: (port) => tap.wrap(withStoreClock(port, () => clock.aheadMs)),
});
const { newBoard, submit, standings } = createCalls(stand);

async function top(board: string, limit: number, cursor: string | null = null, choice = ALL_TIME) {
  const decoded = cursor === null ? null : decodeCursor(cursor);
  const page = await readTop(stand.request(), board, choice, { limit, cursor: decoded });
  if (page.kind !== "page") return { kind: page.kind, entries: [], cursor: null };
  const entries = page.entries.map(({ rank, member }) => `${rank} ${member}`);
  return { kind: page.kind, entries, cursor: page.cursor };
}

async function around(board: string, member: string, radius: number) {
  const page = await readAround(stand.request(), board, ALL_TIME, { member, radius });
  return page.kind === "page" ? page.entries.map((entry) => entry.member).join("") : page.kind;
}

/** Members a, b, c, … of which the first has the best score. */
const descending = (members: string, from = 100): [string, number][] =>
  [...members].map((member, i) => [member, from - i]);

describe("reading on from a cursor", () => {
  it("neither skips nor repeats who kept its place, and ranks are those of now", async ({
    expect,
  }) => {
    const board = await newBoard();
    await submit(board, descending("abcdef"));
    const first = await top(board, 3);
    expect(first.entries).toEqual(["1 a", "2 b", "3 c"]);
    await submit(board, [
      ["f", 200],
      ["g", 0],
    ]);
    const second = await top(board, 3, first.cursor);
    expect(second).toMatchObject({ entries: ["5 d", "6 e", "7 g"], cursor: null });
  });

  it("goes on where the last entry was, even if that has moved since", async ({ expect }) => {
    for (const tie of ["member", "earliest"] as const) {
      const board = await newBoard({ tie });
      await submit(board, descending("abcdef"));
      const up = await top(board, 3);
      await submit(board, [["c", 200]]);
      expect((await top(board, 2, up.cursor)).entries).toEqual(["4 d", "5 e"]);
      await submit(board, [["c", 98]]);
      await submit(board, [["c", 0]]);
      expect((await top(board, 2, up.cursor)).entries).toEqual(["3 d", "4 e"]);
    }
  });

  it("goes on behind an entry that has gone, in the middle of a thousand equals", async ({
    expect,
  }) => {
    for (const tie of ["member", "earliest", "latest"] as const) {
      const board = await newBoard({ tie });
      const names = Array.from({ length: 1_000 }, (_, i) => `m${String(i).padStart(4, "0")}`);
      for (let from = 0; from < 1_000; from += 100) {
        await submit(
          board,
          names.slice(from, from + 100).map((member) => [member, 7]),
        );
      }
      if (tie === "latest") names.reverse();
      const first = await top(board, 500);
      await removeMember(stand.request(), board, names[499] ?? "");
      await submit(board, [[names[3] ?? "", 1_000]]);
      const second = await top(board, 2, first.cursor);
      expect(second.entries).toEqual([`500 ${names[500]}`, `501 ${names[501]}`]);
    }
  });

  it("compares members by bytes, not as a language would", async ({ expect }) => {
    const board = await newBoard({ tie: "member" });
    const members = ["-", ".", "0", "A", "Z", "_", "a", "aA", "aa", "z", "~"];
    await submit(
      board,
      members.map((member) => [member, 1]),
    );
    for (const [i, member] of members.entries()) {
      const page = await top(board, i + 1);
      await removeMember(stand.request(), board, member);
      if (i === members.length - 1) break;
      const rest = await top(board, 100, page.cursor);
      expect(rest.entries.map((entry) => entry.split(" ")[1])).toEqual(members.slice(i + 1));
      await submit(board, [[member, 1]]);
    }
  });

  it("shares ranks across pages on a board with competition ranks", async ({ expect }) => {
    const board = await newBoard({ rankMode: "competition" });
    await submit(board, [
      ["a", 9],
      ["b", 7],
      ["c", 7],
      ["d", 7],
      ["e", 5],
    ]);
    const first = await top(board, 2);
    expect(first.entries).toEqual(["1 a", "2 b"]);
    expect((await top(board, 3, first.cursor)).entries).toEqual(["2 c", "2 d", "5 e"]);
  });

  it("is refused after a reset, on another board and in another ranking", async ({ expect }) => {
    const board = await newBoard({ windows: ["daily", "weekly"] });
    const other = await newBoard({ windows: ["daily"] });
    await submit(board, descending("ab"));
    await submit(other, descending("ab"));
    const { cursor } = await top(board, 1);
    expect((await top(other, 1, cursor)).kind).toBe("stale_cursor");
    expect((await top(board, 1, cursor, windowed("daily"))).kind).toBe("stale_cursor");
    await resetBoard(stand.another().request(), board);
    expect((await top(board, 1, cursor)).kind).toBe("stale_cursor");
  });

  it("is refused once the window's period is over", async ({ expect }) => {
    const board = await newBoard({ windows: ["daily"] });
    await submit(board, descending("ab"));
    const { cursor } = await top(board, 1, null, windowed("daily"));
    setAhead(DAY_MS);
    expect((await top(board, 1, cursor, windowed("daily"))).kind).toBe("stale_cursor");
    const before = await top(board, 1, cursor, windowed("daily", "previous"));
    expect(before.entries).toEqual(["2 b"]);
    setAhead(0);
  });

  it("leads to the top or the end when somebody made it up", async ({ expect }) => {
    const board = await newBoard();
    await submit(board, descending("ab"));
    const real = decodeCursor((await top(board, 1)).cursor ?? "");
    const made = (storedScore: number) =>
      encodeCursor({ revision: real?.revision ?? "", rankingId: "all", storedScore, element: "x" });
    expect((await top(board, 9, made(-9007199254740991))).entries).toEqual(["1 a", "2 b"]);
    expect(await top(board, 9, made(9007199254740991))).toMatchObject({
      entries: [],
      cursor: null,
    });
  });
});

describe("reading around a member", () => {
  it("gives as many entries as asked for, also at both ends", async ({ expect }) => {
    const board = await newBoard();
    await submit(board, descending("abcdefg"));
    expect(await around(board, "d", 2)).toBe("bcdef");
    expect(await around(board, "a", 2)).toBe("abcde");
    expect(await around(board, "f", 2)).toBe("cdefg");
    expect(await around(board, "g", 0)).toBe("g");
    expect(await around(board, "c", RADIUS_MAX)).toBe("abcdefg");
    expect(await around(board, "x", 2)).toBe("no_such_member");
  });
});

describe("reading a range", () => {
  it("includes both ends and ends with the ranking", async ({ expect }) => {
    const board = await newBoard();
    await submit(board, descending("abcde"));
    const range = async (from: number, to: number) => {
      const page = await readRange(stand.request(), board, ALL_TIME, { from, to });
      return page.kind === "page" ? page.entries.map(({ rank, member }) => `${rank}${member}`) : [];
    };
    expect(await range(2, 3)).toEqual(["2b", "3c"]);
    expect(await range(5, 5)).toEqual(["5e"]);
    expect(await range(4, 4 + PAGE_ENTRIES_MAX - 1)).toEqual(["4d", "5e"]);
    expect(await range(6, 10)).toEqual([]);
    expect(await range(Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER)).toEqual([]);
  });
});

describe("windows", () => {
  it("begin anew with each period, keep the last one, and forget the one before", async ({
    expect,
  }) => {
    const board = await newBoard({ mode: "increment", windows: ["daily"], tie: "earliest" });
    await submit(board, [["ann", 1]]);
    setAhead(DAY_MS);
    expect(await standings(board, windowed("daily"))).toEqual([]);
    await submit(board, [
      ["ann", 10],
      ["bob", 5],
    ]);
    expect(await standings(board, windowed("daily"))).toEqual(["ann 10", "bob 5"]);
    expect(await standings(board, windowed("daily", "previous"))).toEqual(["ann 1"]);
    setAhead(2 * DAY_MS);
    await submit(board, [["bob", 1]]);
    expect(await standings(board, windowed("daily"))).toEqual(["bob 1"]);
    expect(await standings(board, windowed("daily", "previous"))).toEqual(["ann 10", "bob 5"]);
    expect(await standings(board)).toEqual(["ann 11", "bob 6"]);
    setAhead(0);
  });

  it("are those of the store's clock, whatever the Worker's says", async ({ expect }) => {
    const board = await newBoard({ windows: ["daily"] });
    const before = tap.sent;
    stand.setAhead(DAY_MS);
    await submit(board, [["ann", 1]]);
    expect(tap.sent - before).toBe(2);
    expect(await standings(board, windowed("daily"))).toEqual(["ann 1"]);
    expect(await standings(board, windowed("daily", "previous"))).toEqual([]);
    stand.setAhead(0);
    expect(await standings(board, windowed("daily"))).toEqual(["ann 1"]);
  });

  it("can be read only where the board keeps them, whatever the Worker believes", async ({
    expect,
  }) => {
    const kindOf = async (board: string, choice: RankingChoice) =>
      (await readTop(stand.request(), board, choice, { limit: 1, cursor: null })).kind;
    const board = await newBoard();
    expect(await kindOf(board, windowed("daily"))).toBe("no_such_window");
    const other = stand.another();
    await removeBoard(other.request(), board);
    await createBoard(other.request(), board, definitionOf({ windows: ["daily"] }));
    expect(await kindOf(board, windowed("daily"))).toBe("page");
    await removeBoard(other.request(), board);
    expect(await kindOf(board, ALL_TIME)).toBe("no_such_board");
  });
});

function setAhead(ms: number): void {
  clock.aheadMs = ms;
  stand.setAhead(ms);
}
