import { describe, inject, it } from "vitest";
import { UpstreamError } from "../../shared/kernel/errors.ts";
import { createBoard, removeBoard } from "./boards.ts";
import { createCalls } from "./testing/calls.ts";
import { createStand, definitionOf } from "./testing/stand.ts";
import { createTap } from "./testing/tap.ts";

const tap = createTap(() => createStand(inject("redis")).request().redis);
const stand = createStand(inject("redis"), { wrap: tap.wrap });
const { newBoard, submit, standings } = createCalls(stand);

describe("what the Worker believes about a board", () => {
  it("costs one more trip when it is wrong, and no wrong answer", async ({ expect }) => {
    const board = await newBoard({ order: "desc", mode: "set", tie: "member" });
    await submit(board, [["ann", 5]]);
    const other = stand.another();
    await removeBoard(other.request(), board);
    const definition = definitionOf({ order: "asc", mode: "increment", tie: "earliest" });
    await createBoard(other.request(), board, definition);
    const before = tap.sent;
    await submit(board, [
      ["ann", 5],
      ["bob", 1],
      ["ann", 5],
    ]);
    expect(tap.sent - before).toBe(2);
    expect(await standings(board)).toEqual(["bob 1", "ann 10"]);
  });

  it("does not hide that the board has gone", async ({ expect }) => {
    const board = await newBoard();
    await removeBoard(stand.another().request(), board);
    expect(await submit(board, [["ann", 5]])).toEqual({ kind: "no_such_board" });
    expect(await submit("never-made", [["ann", 5]])).toEqual({ kind: "no_such_board" });
  });

  it("is not trusted about the outcome when the board goes between two attempts", async ({
    expect,
  }) => {
    const board = await newBoard();
    tap.beforeNext(async () => {
      tap.beforeNext(() => removeBoard(stand.another().request(), board));
      throw new UpstreamError({ dependency: "redis", fault: "timeout", outcome: "unknown" });
    });
    expect(await submit(board, [["ann", 5]])).toEqual({ kind: "ambiguous" });
  });
});
