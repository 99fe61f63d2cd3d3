import { describe, inject, it } from "vitest";
import { createBoard, removeBoard, resetBoard } from "./boards.ts";
import { readAround, readRanks, readTop } from "./ranking.ts";
import { SCORE_MAX } from "./score.ts";
import { ALL_TIME, caller, createCalls, windowed } from "./testing/calls.ts";
import { createStand, definitionOf } from "./testing/stand.ts";
import { createTap } from "./testing/tap.ts";

const tap = createTap(() => createStand(inject("redis")).request().redis);
const stand = createStand(inject("redis"), { wrap: tap.wrap });
const { newBoard, submit, standings } = createCalls(stand);

describe("a submit", () => {
  it("says what was, what is, and where that stands", async ({ expect }) => {
    const board = await newBoard();
    await submit(board, [["ann", 5]]);
    await submit(board, [["bob", 9]]);
    expect(await submit(board, [["ann", 7]])).toEqual({
      kind: "done",
      results: [{ applied: true, previous: 5, score: 7, rank: 2, total: 2 }],
      isReplay: false,
    });
  });

  it("keeps the better score on a board of best scores, in either order", async ({ expect }) => {
    for (const [order, better, worse] of [
      ["desc", 9, 4],
      ["asc", 4, 9],
    ] as const) {
      const board = await newBoard({ order, mode: "best" });
      await submit(board, [["ann", 5]]);
      const refused = await submit(board, [["ann", worse]]);
      expect(refused).toMatchObject({ results: [{ applied: false, previous: 5, score: 5 }] });
      expect(await submit(board, [["ann", 5]])).toMatchObject({ results: [{ applied: false }] });
      const taken = await submit(board, [["ann", better]]);
      expect(taken).toMatchObject({ results: [{ applied: true, previous: 5, score: better }] });
    }
  });

  it("answers a batch as if its scores came one after another", async ({ expect }) => {
    const board = await newBoard({ mode: "increment" });
    const batch = await submit(board, [
      ["ann", 2],
      ["bob", 3],
      ["ann", 4],
    ]);
    expect(batch).toMatchObject({
      results: [
        { previous: null, score: 2, rank: 1, total: 1 },
        { previous: null, score: 3, rank: 1, total: 2 },
        { previous: 2, score: 6, rank: 1, total: 2 },
      ],
    });
  });

  it("keeps the place of a score that is sent again unchanged", async ({ expect }) => {
    for (const tie of ["earliest", "latest"] as const) {
      const board = await newBoard({ tie });
      await submit(board, [
        ["ann", 5],
        ["bob", 5],
        ["ann", 5],
      ]);
      const order = tie === "earliest" ? ["ann 5", "bob 5"] : ["bob 5", "ann 5"];
      expect(await standings(board)).toEqual(order);
    }
  });

  it("gives a score that was left and reached again a new place", async ({ expect }) => {
    const board = await newBoard({ tie: "earliest" });
    await submit(board, [["ann", 5]]);
    await submit(board, [["bob", 5]]);
    await submit(board, [["ann", 6]]);
    await submit(board, [["ann", 5]]);
    expect(await standings(board)).toEqual(["bob 5", "ann 5"]);
  });

  it("orders ties by the bytes of the member, in either order of scores", async ({ expect }) => {
    for (const order of ["desc", "asc"] as const) {
      const board = await newBoard({ order, tie: "member" });
      await submit(
        board,
        ["b", "a", "B", "_", "1", "~"].map((member) => [member, 1]),
      );
      expect(await standings(board)).toEqual(["1 1", "B 1", "_ 1", "a 1", "b 1", "~ 1"]);
    }
  });

  it("never takes one member for another whose name reads like its place", async ({ expect }) => {
    const board = await newBoard({ tie: "earliest" });
    await submit(board, [["bob", 5]]);
    const impostor = "0000000000000001:bob";
    const choice = { member: impostor, radius: 0 };
    expect(await readAround(stand.request(), board, ALL_TIME, choice)).toEqual({
      kind: "no_such_member",
    });
    expect(await readRanks(stand.request(), board, ALL_TIME, [impostor])).toMatchObject({
      entries: [{ rank: null, score: null }],
    });
    await submit(board, [[impostor, 5]]);
    expect(await standings(board)).toEqual(["bob 5", `${impostor} 5`]);
  });
});

describe("the range of scores", () => {
  it("ends where doubles stop holding every integer", async ({ expect }) => {
    for (const order of ["desc", "asc"] as const) {
      const board = await newBoard({ order, tie: "earliest" });
      const ends: [string, number][] = [
        ["a", SCORE_MAX],
        ["b", SCORE_MAX - 1],
        ["c", 1 - SCORE_MAX],
        ["d", -SCORE_MAX],
      ];
      await submit(board, ends);
      const best = order === "desc" ? ends : ends.toReversed();
      expect(await standings(board)).toEqual(best.map(([member, score]) => `${member} ${score}`));
    }
  });

  it("is left by no increment, and then nothing of a batch changes", async ({ expect }) => {
    const board = await newBoard({ mode: "increment", windows: ["daily"], tie: "latest" });
    await submit(board, [["ann", SCORE_MAX - 1]]);
    expect(await submit(board, [["ann", 1]])).toMatchObject({ results: [{ score: SCORE_MAX }] });
    const beyond = await submit(board, [
      ["bob", 1],
      ["ann", -5],
      ["ann", 6],
    ]);
    expect(beyond).toEqual({ kind: "score_range", which: 2, isReplay: false });
    expect(await standings(board)).toEqual([`ann ${SCORE_MAX}`]);
    expect(await standings(board, windowed("daily"))).toEqual([`ann ${SCORE_MAX}`]);
  });

  it("has one zero", async ({ expect }) => {
    const board = await newBoard({ mode: "increment" });
    await submit(board, [["ann", -0]]);
    const back = await submit(board, [
      ["ann", 5],
      ["ann", -5],
    ]);
    expect(back).toMatchObject({ results: [{ previous: 0 }, { previous: 5, score: 0 }] });
    const [result] = back.kind === "done" ? back.results : [];
    expect(Object.is(result?.previous, 0)).toBe(true);
  });
});

describe("metadata", () => {
  const metadataOf = async (board: string) => {
    const page = await readTop(stand.request(), board, ALL_TIME, { limit: 1, cursor: null });
    return page.kind === "page" ? page.entries[0]?.metadata : undefined;
  };

  it("comes back with the entry, and stays when a submit brings none", async ({ expect }) => {
    const board = await newBoard({ tie: "earliest" });
    await submit(board, [["ann", 5]], { metadata: '{"a":"é"}' });
    await submit(board, [["ann", 6]]);
    expect(await metadataOf(board)).toBe('{"a":"é"}');
  });

  it("is replaced unless a better score stands", async ({ expect }) => {
    const board = await newBoard({ mode: "best" });
    await submit(board, [["ann", 5]], { metadata: "1" });
    await submit(board, [["ann", 4]], { metadata: "2" });
    expect(await metadataOf(board)).toBe("1");
    await submit(board, [["ann", 6]], { metadata: "3" });
    expect(await metadataOf(board)).toBe("3");
  });
});

describe("an idempotency key", () => {
  it("gets the first answer again, and nothing happens twice", async ({ expect }) => {
    const board = await newBoard({ mode: "increment" });
    const first = await submit(board, [["ann", 5]], caller("k"));
    await submit(board, [["bob", 9]]);
    expect(await submit(board, [["ann", 5]], caller("k"))).toEqual({ ...first, isReplay: true });
    expect(await standings(board)).toEqual(["bob 9", "ann 5"]);
  });

  it("is refused for another request, and holds for its path only", async ({ expect }) => {
    const board = await newBoard({ mode: "increment" });
    await submit(board, [["ann", 5]], caller("k"));
    for (const other of [[["ann", 6]], [["bob", 5]]] as const) {
      expect(await submit(board, other, caller("k"))).toEqual({ kind: "idempotency_mismatch" });
    }
    const withMetadata = { ...caller("k"), metadata: "1" };
    expect((await submit(board, [["ann", 5]], withMetadata)).kind).toBe("idempotency_mismatch");
    expect((await submit(board, [["ann", 5]], caller("k", "scores/batch"))).kind).toBe("done");
    expect(await standings(board)).toEqual(["ann 10"]);
  });

  it("is not a replay to the request that was itself answered", async ({ expect }) => {
    const board = await newBoard();
    await submit(board, [["ann", 5]], caller("k"));
    expect(await tap.again()).toEqual(["answer", "done desc 1 n -5 1 1", 0]);
  });

  it("still reads its first answer after the board was made anew in another order", async ({
    expect,
  }) => {
    const board = await newBoard({ order: "desc" });
    await submit(board, [["ann", 5]], caller("k"));
    await removeBoard(stand.request(), board);
    await createBoard(stand.request(), board, definitionOf({ order: "asc" }));
    const replay = await submit(board, [["ann", 5]], caller("k"));
    expect(replay).toMatchObject({ isReplay: true, results: [{ score: 5, previous: null }] });
    expect(await standings(board)).toEqual([]);
  });
});

describe("a submit that arrives late or twice", () => {
  it("changes nothing when a newer one has been applied", async ({ expect }) => {
    for (const tie of ["member", "earliest"] as const) {
      const board = await newBoard({ tie });
      await submit(board, [["ann", 5]]);
      await submit(board, [["ann", 7]]);
      expect(await tap.again(1)).toEqual(["answer", "done desc 1 n -5 1 1", 0]);
      expect(await standings(board)).toEqual(["ann 7"]);
    }
  });

  it("changes nothing once it has expired by the store's clock", async ({ expect }) => {
    const board = await newBoard();
    stand.setAhead(-60_000);
    await tap.holding(() => submit(board, [["ann", 5]], { deadlineMs: 150 }));
    stand.setAhead(0);
    expect(await tap.again()).toEqual(["expired", expect.any(Number)]);
    expect(await standings(board)).toEqual([]);
  });

  it("is sent once more on the store's clock when the Worker's is slow", async ({ expect }) => {
    const board = await newBoard();
    const before = tap.sent;
    stand.setAhead(-60_000);
    expect((await submit(board, [["ann", 5]])).kind).toBe("done");
    stand.setAhead(0);
    expect(tap.sent - before).toBe(2);
  });

  it("stays refused once it was refused, even if the reason has gone", async ({ expect }) => {
    const board = await newBoard({ mode: "increment" });
    await submit(board, [["ann", SCORE_MAX]]);
    await submit(board, [["ann", 1]]);
    await submit(board, [["ann", -10]]);
    expect(await tap.again(1)).toEqual(["answer", "score_range 0", 0]);
    expect(await standings(board)).toEqual([`ann ${SCORE_MAX - 10}`]);
  });

  it("does not land after a reset", async ({ expect }) => {
    const board = await newBoard();
    await tap.holding(() => submit(board, [["ann", 5]], { deadlineMs: 150 }));
    const late = tap.sent;
    await resetBoard(stand.request(), board);
    expect(await tap.again(tap.sent - late)).toEqual(["stale", expect.any(String)]);
    expect(await standings(board)).toEqual([]);
  });

  it("does not land on a board of the same name that was made since", async ({ expect }) => {
    const board = await newBoard();
    await tap.holding(() => submit(board, [["ann", 5]], { deadlineMs: 150 }));
    const late = tap.sent;
    await removeBoard(stand.request(), board);
    expect(await tap.again(tap.sent - late)).toEqual(["stale", null]);
    await createBoard(stand.request(), board, definitionOf());
    expect(await tap.again(tap.sent - late)).toEqual(["stale", expect.any(String)]);
    expect(await standings(board)).toEqual([]);
  });
});
