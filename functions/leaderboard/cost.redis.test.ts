import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, type ExpectStatic, it } from "vitest";
import { startTestRedis, type TestRedis } from "../../local/testing/stores.ts";
import { TIES } from "./board.ts";
import { createBoard, removeBoard, resetBoard } from "./boards.ts";
import { removeMember } from "./members.ts";
import { readAround, readRange, readRanks, readTop } from "./ranking.ts";
import { ALL_TIME, caller, createCalls, windowed } from "./testing/calls.ts";
import { createStand, definitionOf, type Stand } from "./testing/stand.ts";
import { storedKeys } from "./testing/stored.ts";
import { dayOf, periodOf, WINDOWS } from "./windows.ts";

let redis: TestRedis;
let direct: Redis;
let stand: Stand;

const CLOCK_TOLERANCE_MS = 5_000;

beforeAll(async () => {
  redis = await startTestRedis();
  direct = new Redis(redis.port);
  stand = createStand(redis);
});

afterAll(async () => {
  direct.disconnect();
  await redis.stop();
});

const calls = () => createCalls(stand);

/** Requests that the store's front has seen: its word, not the app's. */
async function trips(work: () => Promise<unknown>): Promise<number> {
  const count = () =>
    Object.values(redis.http.counters()).reduce((sum, { requests }) => sum + requests, 0);
  const before = count();
  await work();
  return count() - before;
}

/** Commands that Redis ran, those inside a script included. */
async function commands(work: () => Promise<unknown>): Promise<number> {
  const count = async () => {
    const stats = await direct.info("commandstats");
    const lines = [...stats.matchAll(/^cmdstat_([^:]+):calls=(\d+)/gm)];
    return lines.reduce((sum, [, name, n]) => (name === "info" ? sum : sum + Number(n)), 0);
  };
  const before = await count();
  await work();
  return (await count()) - before;
}

describe("a round trip is all that a warm call takes:", () => {
  const around = { member: "ann", radius: 2 };
  const boardOfTwo = async () => {
    const board = await calls().newBoard({ windows: ["daily"], tie: "earliest" });
    await calls().submit(board, [
      ["ann", 1],
      ["bob", 2],
    ]);
    return board;
  };
  const all = {
    submit: (board: string) => calls().submit(board, [["ann", 3]]),
    "submit with a key": (board: string) => calls().submit(board, [["ann", 3]], caller("k")),
    batch: (board: string) =>
      calls().submit(
        board,
        Array.from({ length: 100 }, (_, i) => [`m${i}`, i]),
      ),
    top: (board: string) => readTop(stand.request(), board, ALL_TIME, { limit: 9, cursor: null }),
    "top of a window": (board: string) =>
      readTop(stand.request(), board, windowed("daily"), { limit: 9, cursor: null }),
    around: (board: string) => readAround(stand.request(), board, ALL_TIME, around),
    range: (board: string) => readRange(stand.request(), board, ALL_TIME, { from: 1, to: 9 }),
    ranks: (board: string) => readRanks(stand.request(), board, ALL_TIME, ["ann", "bob"]),
    "member's removal": (board: string) => removeMember(stand.request(), board, "ann"),
    reset: (board: string) => resetBoard(stand.request(), board),
    removal: (board: string) => removeBoard(stand.request(), board),
    creation: (board: string) => createBoard(stand.request(), `${board}-new`, definitionOf()),
  };
  for (const [name, call] of Object.entries(all)) {
    it(name, async ({ expect }) => {
      // The first call of a script sends its source.
      await call(await boardOfTwo());
      const board = await boardOfTwo();
      expect(await trips(() => call(board))).toBe(1);
    });
  }

  it("and two where the isolate does not know the board yet", async ({ expect }) => {
    const board = await calls().newBoard();
    await calls().submit(board, [["ann", 1]]);
    const cold = createCalls(stand.another());
    expect(await trips(() => cold.submit(board, [["ann", 2]]))).toBe(2);
    expect(await trips(() => cold.submit(board, [["ann", 3]]))).toBe(1);
  });
});

describe("a submit with three windows", () => {
  const measure = async (expect: ExpectStatic, submits: readonly number[]) => {
    await calls().submit(await calls().newBoard(), [["ann", 1]]);
    for (const tie of TIES) {
      const board = await calls().newBoard({ windows: [...WINDOWS], tie, rankMode: "competition" });
      for (const score of submits) {
        const options = { ...caller(`k${score}`), metadata: '{"x":1}' };
        const spent = await commands(() => calls().submit(board, [["ann", score]], options));
        expect(spent, `${tie} ${score}`).toBeLessThanOrEqual(20);
      }
    }
  };

  it("runs at most 20 commands, when a member is new and when it moves", async ({ expect }) => {
    await measure(expect, [5, 9, 2]);
  });
});

describe("the commands that Redis runs", () => {
  it("are as few as the README says", async ({ expect }) => {
    const spent: Record<string, number[]> = {};
    for (const tie of ["member", "earliest"] as const) {
      const board = await calls().newBoard({ tie });
      await calls().submit(board, [
        ["ann", 1],
        ["bob", 2],
      ]);
      const page = { limit: 10, cursor: null };
      const measured = {
        submit: () => calls().submit(board, [["ann", 5]], caller("k")),
        top: () => readTop(stand.request(), board, ALL_TIME, page),
        around: () => readAround(stand.request(), board, ALL_TIME, { member: "ann", radius: 5 }),
      };
      for (const [name, call] of Object.entries(measured)) {
        spent[name] = [...(spent[name] ?? []), await commands(call)];
      }
    }
    expect(spent).toEqual({ submit: [8, 11], top: [5, 5], around: [6, 7] });
  });

  it("are one more for a window, and one more for competition ranks", async ({ expect }) => {
    const spent: Record<string, number[]> = {};
    for (const rankMode of ["ordinal", "competition"] as const) {
      const windows = ["daily"] as const;
      const board = await calls().newBoard({ tie: "earliest", windows: [...windows], rankMode });
      await calls().submit(board, [["ann", 1]]);
      for (const choice of [ALL_TIME, windowed("daily")]) {
        const measured = {
          top: () => readTop(stand.request(), board, choice, { limit: 10, cursor: null }),
          around: () => readAround(stand.request(), board, choice, { member: "ann", radius: 5 }),
        };
        for (const [name, call] of Object.entries(measured)) {
          await call();
          spent[name] = [...(spent[name] ?? []), await commands(call)];
        }
      }
    }
    expect(spent).toEqual({ top: [5, 6, 6, 7], around: [7, 8, 8, 9] });
  });
});

describe("what stays in the store", () => {
  it("is the board for good, its windows until the next period ends, and answers for a while", async ({
    expect,
  }) => {
    for (const tie of TIES) {
      stand = createStand(redis);
      const board = "board";
      const nowMs = Date.now();
      const deadlineMs = 2_000;
      const definition = definitionOf({ windows: [...WINDOWS], tie });
      await createBoard(stand.request({ deadlineMs }), board, definition);
      await calls().submit(board, [["ann", 1]], { metadata: "1", deadlineMs });
      await calls().submit(board, [["ann", 2]], { ...caller("k"), deadlineMs });
      await removeMember(stand.request({ deadlineMs }), board, "nobody");
      const ttls = await storedKeys(stand);
      const expected = new Map<string, number>(
        WINDOWS.map((window) => {
          const { id, expiresAtMs } = periodOf(window, dayOf(nowMs));
          return [`${board}:ranking:${id}`, expiresAtMs - nowMs];
        }),
      );
      for (const [key, ttlMs] of ttls) {
        const wanted = expected.get(key) ?? operationTtlMs(key) ?? -1;
        expect(Math.abs(ttlMs - wanted), `${key} ${ttlMs}`).toBeLessThan(CLOCK_TOLERANCE_MS);
        expect(ttlMs === -1, key).toBe(wanted === -1);
      }
      expect([...ttls.keys()].filter((key) => !key.includes(":operation:")).length).toBe(
        tie === "member" ? 6 : 8,
      );
    }
  });
});

/** Null for a key that is no operation's. */
function operationTtlMs(key: string): number | null {
  if (key.includes(":operation:caller-")) return 86_400_000;
  return key.includes(":operation:worker-") ? 2_000 : null;
}
