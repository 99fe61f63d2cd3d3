import { describe, it } from "vitest";
import { startTestRedis } from "../../local/testing/stores.ts";
import { MEMBERS_MAX } from "./scores.ts";
import { createCalls } from "./testing/calls.ts";
import { createStand, type Stand } from "./testing/stand.ts";

describe("a full board", () => {
  it("takes the last member and not one more, in any batch", async ({ expect, onTestFinished }) => {
    const redis = await startTestRedis();
    onTestFinished(() => redis.stop());
    const stand = createStand(redis);
    const { newBoard, submit } = createCalls(stand);
    const board = await newBoard({ windows: ["daily"] });
    await fill(stand, board, MEMBERS_MAX - 2);
    const two: [string, number][] = [
      ["new-1", 1],
      ["new-2", 1],
    ];
    expect(await submit(board, [...two, ["new-3", 1]])).toMatchObject({ kind: "board_full" });
    expect(await submit(board, two)).toMatchObject({ results: [{}, { total: MEMBERS_MAX }] });
    expect((await submit(board, [["new-3", 1]])).kind).toBe("board_full");
    expect((await submit(board, [["new-2", 2]])).kind).toBe("done");
  });
});

/** Writes members as the pattern would, only faster. */
async function fill(stand: Stand, board: string, members: number): Promise<void> {
  const { redis } = stand.request({ deadlineMs: 60_000 });
  const script = `local batch = {}
    for i = 1, ARGV[1] do
      batch[#batch + 1] = i
      batch[#batch + 1] = 'm' .. i
      if #batch == 2000 or i == tonumber(ARGV[1]) then
        redis.call('ZADD', KEYS[1], unpack(batch))
        batch = {}
      end
    end`;
  const key = stand.keys(board).ranking("all");
  await redis.command(["EVAL", script, 1, key, members], { timeoutMs: 60_000 });
}
