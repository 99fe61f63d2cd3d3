import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, beforeEach, describe, it } from "vitest";
import { startRedisServer } from "../../local/testing/redis-server.ts";
import { startTestRedis, type TestRedis } from "../../local/testing/stores.ts";
import { UpstreamError } from "../../shared/kernel/errors.ts";
import { readRanks, readTop } from "./ranking.ts";
import { ALL_TIME, caller, createCalls } from "./testing/calls.ts";
import { createStand, type Stand } from "./testing/stand.ts";

let redis: TestRedis;
let stand: Stand;
let calls: ReturnType<typeof createCalls>;

beforeAll(async () => {
  redis = await startTestRedis();
});

afterAll(() => redis.stop());

beforeEach(() => {
  stand = createStand(redis);
  calls = createCalls(stand);
});

afterEach(() => {
  redis.faults.clear();
});

const WRITES = { target: "main", command: "EVALSHA" };

async function warmBoard(): Promise<string> {
  const board = await calls.newBoard({ mode: "increment", tie: "earliest", windows: ["daily"] });
  await calls.submit(board, [["ann", 10]]);
  return board;
}

/** What a failed call says: the fault, and what it claims became of the write. */
async function failureOf(call: Promise<unknown>) {
  const error = await call.then(
    () => null,
    (reason: unknown) => reason,
  );
  return error instanceof UpstreamError ? { fault: error.fault, outcome: error.outcome } : error;
}

describe("a submit whose first attempt goes wrong", () => {
  const faults = {
    "loses its answer": { kind: "drop-response" },
    "loses its request": { kind: "drop-request" },
    "is answered with garbage": { kind: "garbage" },
    "is answered with an error": { kind: "error" },
    "is delivered twice": { kind: "duplicate", delayMs: 0 },
    "is answered too late": { kind: "delay-response", delayMs: 700 },
    "arrives after the second attempt": { kind: "delay", delayMs: 700 },
  } as const;

  for (const [what, fault] of Object.entries(faults)) {
    it(`counts once when it ${what}`, async ({ expect }) => {
      const board = await warmBoard();
      redis.faults.add({ ...WRITES, ...fault, count: 1 });
      const submitted = await calls.submit(board, [["ann", 5]], caller("k"));
      expect(submitted).toMatchObject({
        results: [{ previous: 10, score: 15, rank: 1, total: 1 }],
        isReplay: false,
      });
      if ("delayMs" in fault) await sleep(fault.delayMs + 100);
      expect(await calls.standings(board)).toEqual(["ann 15"]);
      expect(redis.faults.list()).toEqual([]);
    });
  }
});

describe("a submit that nobody can answer", () => {
  it("is unknown until it has expired, and then never lands", async ({ expect }) => {
    const board = await warmBoard();
    redis.faults.add({ ...WRITES, kind: "delay", delayMs: 800 });
    const startedAtMs = Date.now();
    const failure = await failureOf(calls.submit(board, [["ann", 5]], { deadlineMs: 600 }));
    expect(failure).toEqual({ fault: "timeout", outcome: "unknown" });
    expect(Date.now() - startedAtMs).toBeLessThan(2_500);
    await sleep(1_000);
    redis.faults.clear();
    expect(await calls.standings(board)).toEqual(["ann 10"]);
  });

  it("counts once when every answer is lost", async ({ expect }) => {
    const board = await warmBoard();
    redis.faults.add({ ...WRITES, kind: "drop-response" });
    const failure = await failureOf(calls.submit(board, [["ann", 5]], { deadlineMs: 400 }));
    expect(failure).toMatchObject({ outcome: "unknown" });
    redis.faults.clear();
    expect(await createCalls(stand.another()).standings(board)).toEqual(["ann 15"]);
  });

  it("says that it was not applied when the board could not even be read", async ({ expect }) => {
    const board = await warmBoard();
    redis.faults.add({ target: "main", kind: "refuse" });
    const cold = createCalls(stand.another());
    const failure = await failureOf(cold.submit(board, [["ann", 5]], { deadlineMs: 400 }));
    expect(failure).toMatchObject({ outcome: "not_applied" });
  });
});

describe("what a submit claims about its outcome", () => {
  it("is true for each of 300, under every fault at once", async ({ expect }) => {
    const board = await warmBoard();
    const kinds = ["drop-request", "drop-response", "garbage", "error", "delay", "delay-response"];
    for (const [i, kind] of kinds.entries()) {
      const delayed = kind.startsWith("delay") ? { delayMs: 350 } : {};
      redis.faults.add({ ...WRITES, ...delayed, kind, probability: 0.2, seed: i });
    }
    redis.faults.add({ ...WRITES, kind: "duplicate", delayMs: 30, probability: 0.3 });
    const members = Array.from({ length: 300 }, (_, i) => `m${i}`);
    const claims = new Map<string, string>();
    await inParallel(members, 20, async (member) => {
      const isolate = createCalls(stand.another());
      const submitted = isolate.submit(board, [[member, 1]], { deadlineMs: 450 });
      const failure = await failureOf(submitted);
      const claim = failure === null ? "applied" : (failure as { outcome: string }).outcome;
      claims.set(member, claim);
    });
    await sleep(900);
    redis.faults.clear();
    for (let from = 0; from < members.length; from += 100) {
      const asked = members.slice(from, from + 100);
      const ranks = await readRanks(stand.request(), board, ALL_TIME, asked);
      for (const { member, score } of ranks.kind === "ranks" ? ranks.entries : []) {
        const possible = { applied: [1], not_applied: [null], unknown: [1, null] };
        expect(possible[claims.get(member) as keyof typeof possible], member).toContain(score);
      }
    }
    const seen = [...claims.values()];
    expect(seen.filter((claim) => claim === "applied").length).toBeGreaterThan(100);
    expect(seen.filter((claim) => claim === "unknown").length).toBeGreaterThan(0);
  });
});

async function inParallel<Item>(
  items: readonly Item[],
  width: number,
  work: (item: Item) => Promise<void>,
): Promise<void> {
  const left = [...items];
  const lane = async () => {
    for (let item = left.shift(); item !== undefined; item = left.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: width }, lane));
}

describe("a store that dies", () => {
  it("is said to be unavailable within the deadline, and serves again when it is back", async ({
    expect,
    onTestFinished,
  }) => {
    const own = await startTestRedis();
    onTestFinished(() => own.stop());
    const mortal = createStand(own);
    const { newBoard, submit } = createCalls(mortal);
    const board = await newBoard();
    await submit(board, [["ann", 5]]);
    await own.server.kill();
    const startedAtMs = Date.now();
    const access = mortal.request({ deadlineMs: 500 });
    const read = failureOf(readTop(access, board, ALL_TIME, { limit: 1, cursor: null }));
    const write = failureOf(submit(board, [["ann", 6]], { deadlineMs: 500 }));
    expect(await read).toMatchObject({ fault: expect.any(String) });
    expect(await write).toMatchObject({
      outcome: expect.stringMatching(/^(unknown|not_applied)$/),
    });
    expect(Date.now() - startedAtMs).toBeLessThan(2_500);
    const again = await startRedisServer({ port: own.port });
    onTestFinished(() => again.stop());
    const fresh = createCalls(mortal.another());
    const empty = await fresh.newBoard();
    expect((await fresh.submit(empty, [["ann", 7]])).kind).toBe("done");
  });
});
