import { afterAll, beforeAll, describe, type ExpectStatic, it } from "vitest";
import { dice } from "../../local/faults/dice.ts";
import { startTestRedis, type TestRedis } from "../../local/testing/stores.ts";
import { type BoardDefinition, MODES, ORDERS, RANK_MODES, TIES } from "./board.ts";
import { createBoard } from "./boards.ts";
import { decodeCursor } from "./cursor.ts";
import type { Entry } from "./entries.ts";
import { removeMember } from "./members.ts";
import { readAround, readRange, readRanks, readTop } from "./ranking.ts";
import { chosenRankingId, openRankings, PERIODS, type RankingChoice } from "./rankings.ts";
import { submitScores } from "./scores.ts";
import type { Submission } from "./submission.ts";
import { createOracle, type Oracle } from "./testing/oracle.ts";
import { createStand, type Stand } from "./testing/stand.ts";
import { withStoreClock } from "./testing/store-clock.ts";
import { createLateness, randomSubmission } from "./testing/traffic.ts";
import { dayOf, WINDOWS } from "./windows.ts";

const SEED = 20_261_023;
const UPDATES = 100_000;
const MEMBERS = 60;
/** Simulated days of a run, each an equal share of the updates. */
const DAYS = 4;
const DAY_MS = 86_400_000;

const KINDS = ORDERS.flatMap((order) =>
  MODES.flatMap((mode) => TIES.map((tie) => ({ order, mode, tie }))),
);

const DEFINITIONS: readonly BoardDefinition[] = KINDS.map((kind, i) => ({
  ...kind,
  rankMode: RANK_MODES[i % 2] ?? "ordinal",
  windows: WINDOWS.slice(0, (i + 1) % 4),
}));

const CHOICES: readonly RankingChoice[] = [
  { window: undefined, period: "current" },
  ...WINDOWS.flatMap((window) => PERIODS.map((period) => ({ window, period }))),
];

/** Noon two days from now: no run comes near a midnight, and no key of it expires. */
const startMs = (Math.floor(Date.now() / DAY_MS) + 2.5) * DAY_MS;

let redis: TestRedis;

beforeAll(async () => {
  redis = await startTestRedis();
  const writes = { target: "main", command: "EVALSHA", seed: SEED };
  redis.faults.add({ ...writes, kind: "drop-response", probability: 0.05 });
  redis.faults.add({ ...writes, kind: "duplicate", probability: 0.05, delayMs: 20 });
});

afterAll(() => redis.stop());

describe("a board under 100,000 random updates", () => {
  it("equals a sorted list, whatever is lost, repeated or late on the way", async ({ expect }) => {
    const runs = await Promise.all(
      DEFINITIONS.map((definition, i) => runBoard(expect, definition, SEED + i)),
    );
    const updates = runs.reduce((sum, run) => sum + run.updates, 0);
    const [lost, twice] = redis.faults.list().map(({ hits }) => hits);
    const repeats = runs.reduce((sum, run) => sum + run.repeats, 0);
    const refused = runs.reduce((sum, run) => sum + run.refused, 0);
    expect(updates).toBeGreaterThanOrEqual(UPDATES);
    for (const times of [lost, twice, repeats, refused]) expect(times).toBeGreaterThan(100);
  }, 120_000);
});

async function runBoard(expect: ExpectStatic, definition: BoardDefinition, seed: number) {
  const random = dice(seed);
  const lateness = createLateness({ random, repeated: 0.05, lateMax: 20 });
  let aheadMs = 0;
  const stand = createStand(redis, {
    wrap: (port) => lateness.wrap(withStoreClock(port, () => aheadMs)),
  });
  const oracle = createOracle(definition);
  let [updates, refused] = [0, 0];
  for (let day = 0; day < DAYS; day += 1) {
    aheadMs = Math.round((startMs + day * DAY_MS - Date.now()) / 1_000) * 1_000;
    stand.setAhead(aheadMs);
    if (day === 0) await createBoard(stand.request(), "board", definition);
    const until = Math.ceil(((day + 1) * UPDATES) / (DAYS * DEFINITIONS.length));
    while (updates < until) {
      const submissions = randomSubmissions(random, until - updates);
      updates += submissions.length;
      const submitted = await submitScores(stand.request(), "board", submissions, null);
      const expected = judge(definition, oracle, submissions, Date.now() + aheadMs);
      if (expected.kind === "score_range") refused += 1;
      expect(submitted).toEqual({ ...expected, isReplay: false });
      if (random() < 0.02) {
        const member = `m${Math.floor(random() * MEMBERS)}`;
        await removeMember(stand.request(), "board", member);
        oracle.remove(member);
      }
    }
    await lateness.settle();
    await compare(expect, { definition, stand, oracle, random, nowMs: Date.now() + aheadMs });
  }
  return { updates, refused, repeats: lateness.repeats };
}

function randomSubmissions(random: () => number, most: number): Submission[] {
  const size = random() < 0.5 ? 1 : 1 + Math.floor(random() * 100);
  return Array.from({ length: Math.min(size, most) }, () =>
    randomSubmission({ random, members: MEMBERS }),
  );
}

/** What the submit must be answered; the oracle takes it all or nothing. */
function judge(
  definition: BoardDefinition,
  oracle: Oracle,
  submissions: readonly Submission[],
  nowMs: number,
) {
  const ids = openRankings(definition, dayOf(nowMs)).map(({ id }) => id);
  const which = definition.mode === "increment" ? firstOutOfRange(oracle, ids, submissions) : -1;
  if (which !== -1) return { kind: "score_range", which } as const;
  return { kind: "done", results: submissions.map((one) => oracle.submit(ids, one)) } as const;
}

function firstOutOfRange(
  oracle: Oracle,
  ids: readonly string[],
  submissions: readonly Submission[],
) {
  const sums = new Map<string, number>();
  return submissions.findIndex(({ member, score }) =>
    ids.some((id) => {
      const key = `${id} ${member}`;
      const sum = (sums.get(key) ?? oracle.scoreIn(id, member) ?? 0) + score;
      sums.set(key, sum);
      return !Number.isSafeInteger(sum);
    }),
  );
}

interface Comparison {
  readonly definition: BoardDefinition;
  readonly stand: Stand;
  readonly oracle: Oracle;
  readonly random: () => number;
  readonly nowMs: number;
}

/** Every way of reading every ranking. */
async function compare(expect: ExpectStatic, comparison: Comparison): Promise<void> {
  const { definition, stand, oracle, random, nowMs } = comparison;
  for (const choice of CHOICES) {
    const id = chosenRankingId(definition, choice, dayOf(nowMs));
    if (id === null) continue;
    const entries = oracle.sorted(id).map((entry) => ({
      ...entry,
      metadata: oracle.metadata.get(entry.member) ?? null,
    }));
    const total = entries.length;
    expect(await wholeRanking(stand, choice, 1 + Math.floor(random() * 9))).toEqual(entries);
    const from = 1 + Math.floor(random() * total);
    const range = await readRange(stand.request(), "board", choice, { from, to: from + 4 });
    expect(range).toMatchObject({ entries: entries.slice(from - 1, from + 4), total });
    await compareMembers(expect, comparison, { choice, id, entries });
  }
}

async function compareMembers(
  expect: ExpectStatic,
  { stand, oracle, random }: Comparison,
  { choice, id, entries }: { choice: RankingChoice; id: string; entries: readonly Entry[] },
): Promise<void> {
  const names = Array.from({ length: MEMBERS + 1 }, (_, i) => `m${i}`);
  const ranks = await readRanks(stand.request(), "board", choice, names);
  expect(ranks).toEqual({
    kind: "ranks",
    entries: names.map((member) => ({
      member,
      rank: oracle.rankIn(id, member),
      score: oracle.scoreIn(id, member),
    })),
  });
  const radius = Math.floor(random() * 6);
  const member = `m${Math.floor(random() * MEMBERS)}`;
  const around = await readAround(stand.request(), "board", choice, { member, radius });
  const position = entries.findIndex((entry) => entry.member === member);
  if (position === -1) {
    expect(around).toEqual({ kind: "no_such_member" });
    return;
  }
  const size = 2 * radius + 1;
  const first = Math.max(0, Math.min(position - radius, entries.length - size));
  expect(around).toMatchObject({
    entries: entries.slice(first, first + size),
    total: entries.length,
  });
}

async function wholeRanking(stand: Stand, choice: RankingChoice, limit: number): Promise<Entry[]> {
  const entries: Entry[] = [];
  for (let cursor = null, pages = 0; pages <= MEMBERS; pages += 1) {
    const page = await readTop(stand.request(), "board", choice, { limit, cursor });
    if (page.kind !== "page") throw new Error(`cannot read: ${page.kind}`);
    entries.push(...page.entries);
    if (page.cursor === null) return entries;
    cursor = decodeCursor(page.cursor);
  }
  throw new Error("the ranking has no end");
}
