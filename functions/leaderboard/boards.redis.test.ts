import { describe, inject, it } from "vitest";
import { readBoard } from "./access.ts";
import { createBoard, removeBoard, resetBoard } from "./boards.ts";
import { removeMember } from "./members.ts";
import { readRanks } from "./ranking.ts";
import { ALL_TIME, createCalls, windowed } from "./testing/calls.ts";
import { createStand, definitionOf } from "./testing/stand.ts";
import { withStoreClock } from "./testing/store-clock.ts";
import { storedKeys } from "./testing/stored.ts";
import { createTap } from "./testing/tap.ts";
import { WINDOWS } from "./windows.ts";

const DAY_MS = 86_400_000;

/** A deployment with nothing in it, whose clocks can be set ahead together. */
function createDeployment() {
  const clock = { aheadMs: 0 };
  const tap = createTap(() => createStand(inject("redis")).request().redis);
  const stand = createStand(inject("redis"), {
    wrap: (port) => tap.wrap(withStoreClock(port, () => clock.aheadMs)),
  });
  const setAhead = (ms: number) => {
    clock.aheadMs = ms;
    stand.setAhead(ms);
  };
  return { stand, tap, setAhead, ...createCalls(stand) };
}

const everyWindow = { windows: [...WINDOWS] };

describe("creating a board", () => {
  it("makes it once, and says so to who asks for the same or for another", async ({ expect }) => {
    const { stand } = createDeployment();
    const definition = definitionOf({ windows: ["daily"] });
    const created = await createBoard(stand.request(), "board", definition);
    expect(created).toMatchObject({ kind: "created", board: { ...definition } });
    const again = await createBoard(stand.request(), "board", definition);
    expect(again).toEqual({ kind: "unchanged", board: created.board });
    const other = await createBoard(stand.request(), "board", definitionOf());
    expect(other).toEqual({ kind: "differs", board: created.board });
  });

  it("is told that it made the board when its first answer was lost", async ({ expect }) => {
    const { stand, tap } = createDeployment();
    await createBoard(stand.request(), "board", definitionOf());
    expect(await tap.again()).toEqual(["created", expect.any(String)]);
  });

  it("does not bring a deleted board back when a copy comes late", async ({ expect }) => {
    const { stand, tap } = createDeployment();
    await createBoard(stand.request(), "board", definitionOf());
    await removeBoard(stand.request(), "board");
    await tap.again(1);
    expect(await readBoard(stand.request(), "board", {})).toBeNull();
  });

  it("does not make a board later that it found to be there", async ({ expect }) => {
    const { stand, tap } = createDeployment();
    await createBoard(stand.request(), "board", definitionOf());
    await createBoard(stand.request(), "board", definitionOf());
    await removeBoard(stand.request(), "board");
    expect(await tap.again(1)).toEqual(["unchanged", expect.any(String)]);
    expect(await readBoard(stand.request(), "board", {})).toBeNull();
  });

  it("makes nothing once it has expired", async ({ expect }) => {
    const { stand, tap } = createDeployment();
    stand.setAhead(-60_000);
    const create = () => createBoard(stand.request({ deadlineMs: 150 }), "board", definitionOf());
    await tap.holding(create);
    expect(await tap.again()).toEqual(["expired", expect.any(Number)]);
    stand.setAhead(0);
    expect(await readBoard(stand.request(), "board", {})).toBeNull();
  });
});

describe("removing a board", () => {
  it("leaves nothing of it, of its windows, or of those before them", async ({ expect }) => {
    for (const tie of ["member", "earliest"] as const) {
      const { stand, setAhead, newBoard, submit } = createDeployment();
      const board = await newBoard({ ...everyWindow, tie });
      for (let day = 0; day <= 32; day += 8) {
        setAhead(day * DAY_MS);
        await submit(board, [["ann", day]], { metadata: "1" });
      }
      expect(await removeBoard(stand.request(), board)).toEqual({ kind: "cleared", removed: 1 });
      const left = [...(await storedKeys(stand))].filter(([key]) => !key.includes(":operation:"));
      const readable = left.filter(([, ttlMs]) => ttlMs === -1 || ttlMs > 32 * DAY_MS);
      expect(left.length).toBeGreaterThan(0);
      expect(readable).toEqual([]);
      expect(await removeBoard(stand.request(), board)).toEqual({ kind: "no_such_board" });
    }
  });

  it("does not take a new board with it when a copy comes late", async ({ expect }) => {
    const { stand, tap, newBoard } = createDeployment();
    const board = await newBoard();
    await removeBoard(stand.request(), board);
    await removeBoard(stand.request(), board);
    await createBoard(stand.request(), board, definitionOf());
    expect(await tap.again(1)).toEqual(["no_such_board", "0"]);
    expect(await tap.again(2)).toEqual(["cleared", "0"]);
    expect(await readBoard(stand.request(), board, {})).not.toBeNull();
  });
});

describe("resetting a board", () => {
  it("removes every entry and keeps the configuration under another revision", async ({
    expect,
  }) => {
    const { stand, newBoard, submit, standings } = createDeployment();
    const board = await newBoard({ ...everyWindow, tie: "latest" });
    const before = await readBoard(stand.request(), board, {});
    await submit(board, [
      ["ann", 1],
      ["bob", 2],
    ]);
    expect(await resetBoard(stand.request(), board)).toEqual({ kind: "cleared", removed: 2 });
    const after = await readBoard(stand.request(), board, {});
    expect(after?.revision).not.toBe(before?.revision);
    expect({ ...after, revision: "", text: "" }).toEqual({ ...before, revision: "", text: "" });
    for (const window of [undefined, ...WINDOWS]) {
      expect(await standings(board, windowed(window))).toEqual([]);
    }
    expect((await submit(board, [["cid", 3]])).kind).toBe("done");
  });

  it("clears nothing that came after it when a copy comes late", async ({ expect }) => {
    const { stand, tap, newBoard, submit, standings } = createDeployment();
    const board = await newBoard();
    await submit(board, [["ann", 1]]);
    await resetBoard(stand.request(), board);
    await submit(board, [["bob", 2]]);
    expect(await tap.again(1)).toEqual(["cleared", "1"]);
    expect(await standings(board)).toEqual(["bob 2"]);
  });

  it("says when there is no board", async ({ expect }) => {
    const { stand } = createDeployment();
    expect(await resetBoard(stand.request(), "none")).toEqual({ kind: "no_such_board" });
  });
});

describe("removing a member", () => {
  it("leaves nothing about it in the store, also in windows that have closed", async ({
    expect,
  }) => {
    for (const tie of ["member", "earliest", "latest"] as const) {
      const { stand, setAhead, newBoard, submit, standings } = createDeployment();
      const board = await newBoard({ windows: ["daily", "monthly"], tie });
      const scores: [string, number][] = [
        ["erased", 1],
        ["ann", 1],
        ["erasedalso", 2],
      ];
      await submit(board, scores, { metadata: '"private"' });
      setAhead(DAY_MS);
      await submit(board, scores.slice(1), { metadata: '"private"' });
      const yesterday = windowed("daily", "previous");
      expect((await standings(board, yesterday)).length).toBe(3);
      const removed = await removeMember(stand.request(), board, "erased");
      expect(removed).toEqual({ kind: "removed" });
      for (const choice of [ALL_TIME, windowed("daily"), yesterday]) {
        expect(await standings(board, choice)).toEqual(["erasedalso 2", "ann 1"]);
      }
      expect(await mentions(stand, board, "erased")).toEqual([]);
    }
  });

  it("leaves another member whose name reads like the first one's entry", async ({ expect }) => {
    const { stand, newBoard, submit, standings } = createDeployment();
    const board = await newBoard({ tie: "earliest" });
    await submit(board, [["bob", 5]]);
    await removeMember(stand.request(), board, "0000000000000001:bob");
    expect(await standings(board)).toEqual(["bob 5"]);
  });

  it("does not remove what was submitted since when a copy comes late", async ({ expect }) => {
    const { stand, tap, newBoard, submit, standings } = createDeployment();
    const board = await newBoard();
    await submit(board, [["ann", 1]]);
    await removeMember(stand.request(), board, "ann");
    await submit(board, [["ann", 2]]);
    expect(await tap.again(1)).toEqual(["removed"]);
    expect(await standings(board)).toEqual(["ann 2"]);
  });

  it("lets the member come back as a new one", async ({ expect }) => {
    const { stand, newBoard, submit } = createDeployment();
    const board = await newBoard({ mode: "best", tie: "earliest" });
    await submit(board, [["ann", 9]], { metadata: "1" });
    await removeMember(stand.request(), board, "ann");
    expect(await submit(board, [["ann", 3]])).toMatchObject({
      results: [{ previous: null, score: 3, total: 1 }],
    });
    const ranks = await readRanks(stand.request(), board, ALL_TIME, ["ann"]);
    expect(ranks).toMatchObject({ entries: [{ rank: 1, score: 3 }] });
  });

  it("says when there is no board, and not when there is no member", async ({ expect }) => {
    const { stand, newBoard } = createDeployment();
    expect((await removeMember(stand.request(), "none", "ann")).kind).toBe("no_such_board");
    expect((await removeMember(stand.request(), await newBoard(), "ann")).kind).toBe("removed");
  });
});

/** Keys whose content holds the member, looked for as an operator would. */
async function mentions(stand: ReturnType<typeof createStand>, board: string, member: string) {
  const { redis } = stand.request();
  const found: string[] = [];
  for (const key of (await storedKeys(stand)).keys()) {
    const full = stand.keys(board).board.replace(`${board}:board`, key);
    const type = await redis.command(["TYPE", full]);
    const read = { zset: ["ZRANGE", full, 0, -1], hash: ["HGETALL", full], string: ["GET", full] }[
      String(type)
    ] as [string, ...(string | number)[]];
    const words = JSON.stringify(await redis.command(read)).split(/[^a-z]+/);
    if (words.includes(member)) found.push(key);
  }
  return found;
}
