/**
 * @module
 * Leaderboard under load: half submits, half reads, 1,000 members of which a few are hot. Every reply is
 * judged by its meaning, and at the end both boards must equal what the submits add up to.
 */
import type { JourneyMeta } from "../protocol/journey-meta.ts";
import { type Finding, type Observation, VIOLATIONS_MAX } from "../protocol/lines.ts";
import type { Call, Client, Reply } from "./lib/client.ts";
import { isObject, require, wrongStatus } from "./lib/expect.ts";
import { defineJourney, type Run } from "./lib/journey.ts";
import {
  BOARDS,
  type BoardId,
  boardViolations,
  disorder,
  type Entry,
  finalScores,
  MEMBERS,
  memberName,
  memberOf,
  type Step,
  step,
} from "./models/rankings.ts";

export const meta = {
  pattern: "leaderboard",
  workload:
    "50 % submits, 25 % top ten, 15 % rank of a member, 10 % the eleven around a member; 1,000 members chosen by Zipf 0.99; two boards, best score and sum",
  verifies:
    "both boards equal the sorted result of all submits, ties included; no score is lost or doubled, and no caller sees one older than was read or acknowledged before",
  consistency: "linearizable",
  operations: [
    { id: "submit", label: "Submit a score", kind: "write", share: 0.5, storeCommands: 12 },
    { id: "top", label: "Top ten", kind: "read", share: 0.25, storeCommands: 5 },
    { id: "rank", label: "Rank of a member", kind: "read", share: 0.15, storeCommands: 5 },
    { id: "around", label: "Around a member", kind: "read", share: 0.1, storeCommands: 6 },
  ],
  sideRequests: 60,
  sideCommands: 12_000,
} as const satisfies JourneyMeta;

const SHARES = meta.operations.map((operation) => operation.share);
const [SUBMIT, TOP, RANK, AROUND] = [0, 1, 2, 3] as const;

const TOP_LIMIT = 10;
const RADIUS = 5;
const SCORES_BATCH = 100;
const RANGE_PAGE = 250;

const boardPath = (run: Run, board: BoardId) => `/leaderboard/boards/lab-${run.id}-${board}`;

export const { options, setup, run, teardown, handleSummary } = defineJourney({
  meta,
  setup: prepare,
  request,
  verify,
  // Needs the scope `admin`.
  cleanUp(service, run) {
    service.sendAll(BOARDS.map((board) => ({ method: "DELETE", path: boardPath(run, board) })));
  },
});

function prepare(service: Client, run: Run): Observation[] {
  const written: Observation[] = [];
  for (const board of BOARDS) {
    const body =
      board === "best"
        ? { order: "desc", mode: "best", tie: "member" }
        : { order: "desc", mode: "increment", tie: "earliest" };
    const path = boardPath(run, board);
    const [created] = service.sendAll([{ method: "PUT", path, body }]);
    require(created, [200, 201], `creating board ${board}`);
    const fills: Call[] = [];
    for (let from = 0; from < MEMBERS; from += SCORES_BATCH) {
      fills.push({
        method: "POST",
        path: `${path}/scores/batch`,
        body: { scores: members(from, SCORES_BATCH).map((member) => ({ member, score: 0 })) },
        idempotencyKey: `lab-${run.id}-${board}-fill-${from}`,
      });
    }
    for (const reply of service.sendAll(fills)) require(reply, [200], `filling board ${board}`);
    for (let member = 0; member < MEMBERS; member += 1) {
      written.push(observation("write", board, member, 0));
    }
  }
  return written;
}

function request(service: Client, run: Run, index: number) {
  const drawn = step(run.seed, index, SHARES);
  const reply = service.send(call(run, drawn, index));
  const wrong = wrongStatus(reply, [200]);
  const { operation } = drawn;
  if (wrong !== null) return { operation, reply, wrong };
  const body = reply.json();
  if (!isObject(body)) return { operation, reply, wrong: "not_json: the body is no object" };
  switch (operation) {
    case SUBMIT:
      return { operation, reply, ...judgeSubmit(drawn, body) };
    case RANK:
      return { operation, reply, ...judgeRank(drawn, body) };
    default:
      return { operation, reply, ...judgePage(drawn, body) };
  }
}

function call(run: Run, { operation, board, member, score }: Step, index: number): Call {
  const path = boardPath(run, board);
  const name = memberName(member);
  switch (operation) {
    case SUBMIT:
      return {
        method: "POST",
        path: `${path}/scores`,
        body: { member: name, score },
        idempotencyKey: `lab-${run.id}-${index}`,
      };
    case TOP:
      return { method: "GET", path: `${path}/top?limit=${TOP_LIMIT}` };
    case RANK:
      return { method: "GET", path: `${path}/members/${name}` };
    default:
      return { method: "GET", path: `${path}/members/${name}/around?radius=${RADIUS}` };
  }
}

interface Judged {
  readonly wrong: string | null;
  readonly history?: readonly Observation[];
}

function judgeSubmit({ board, member, score }: Step, body: Record<string, unknown>): Judged {
  const { applied, previous, score: now, rank, total } = body;
  if (typeof previous !== "number" || typeof now !== "number") {
    return { wrong: "wrong_answer: a member that exists has a previous score" };
  }
  const expected = board === "best" ? Math.max(previous, score) : previous + score;
  if (now !== expected) return { wrong: `wrong_score: ${now} instead of ${expected}` };
  if (applied !== now > previous) return { wrong: `wrong_answer: applied is ${applied}` };
  const misplaced = wrongPlace(rank, total);
  // A submit that changes nothing tells the score that stands: it reads.
  const kind = now > previous ? "write" : "read";
  return { wrong: misplaced, history: [observation(kind, board, member, now)] };
}

function judgeRank({ board, member }: Step, body: Record<string, unknown>): Judged {
  const { member: name, score, rank, total } = body;
  if (name !== memberName(member)) return { wrong: "wrong_member: somebody else was answered" };
  if (typeof score !== "number") return { wrong: "wrong_answer: no score" };
  return {
    wrong: wrongPlace(rank, total),
    history: [observation("read", board, member, score)],
  };
}

function judgePage({ operation, board, member }: Step, body: Record<string, unknown>): Judged {
  const entries = entriesOf(body["entries"]);
  const first = entries?.[0];
  if (!entries || !first) return { wrong: "wrong_answer: no entries" };
  const history = entries.map((entry) =>
    observation("read", board, memberOf(entry.member), entry.score),
  );
  const [least, most] = operation === TOP ? [TOP_LIMIT, TOP_LIMIT] : [RADIUS + 1, 2 * RADIUS + 1];
  if (entries.length < least || entries.length > most) {
    return { wrong: `wrong_page: ${entries.length} entries`, history };
  }
  if (operation === TOP && first.rank !== 1) return { wrong: "wrong_page: not the top", history };
  const broken = disorder(entries, first.rank);
  if (broken !== null) return { wrong: `wrong_order: ${broken}`, history };
  if (operation === AROUND && !entries.some((entry) => entry.member === memberName(member))) {
    return { wrong: "wrong_page: the member is not among those around it", history };
  }
  return { wrong: wrongPlace(1, body["total"]), history };
}

function wrongPlace(rank: unknown, total: unknown): string | null {
  if (total !== MEMBERS) return `wrong_total: ${total} instead of ${MEMBERS}`;
  const inside = typeof rank === "number" && rank >= 1 && rank <= MEMBERS;
  return inside ? null : `wrong_rank: ${rank}`;
}

function verify(service: Client, run: Run) {
  const expected = finalScores(run.seed, run.requests, SHARES, SUBMIT);
  const findings: Finding[] = [];
  const final: Observation[] = [];
  for (const board of BOARDS) {
    const entries = wholeBoard(service, run, board);
    for (const entry of entries) {
      final.push(observation("read", board, memberOf(entry.member), entry.score));
    }
    const scores = expected[board];
    const violations = [
      ...boardViolations({ scores, entries, tiesByName: board === "best" }),
      ...rankViolations(service, run, board, entries),
    ];
    findings.push({
      name: `the ${board} board equals the sorted result of all submits`,
      checked: MEMBERS,
      violations: violations.slice(0, VIOLATIONS_MAX),
    });
  }
  return { findings, final };
}

function wholeBoard(service: Client, run: Run, board: BoardId): Entry[] {
  const calls: Call[] = [];
  for (let from = 1; from <= MEMBERS; from += RANGE_PAGE) {
    const to = from + RANGE_PAGE - 1;
    calls.push({ method: "GET", path: `${boardPath(run, board)}/range?from=${from}&to=${to}` });
  }
  return service.sendAll(calls).flatMap((reply: Reply) => {
    const body = reply.json();
    return (isObject(body) ? entriesOf(body["entries"]) : null) ?? [];
  });
}

/** Ranks asked for by name must be the places on the board. */
function rankViolations(
  service: Client,
  run: Run,
  board: BoardId,
  entries: readonly Entry[],
): string[] {
  const places = new Map(entries.map((entry) => [entry.member, entry.rank]));
  const calls: Call[] = [];
  for (let from = 0; from < MEMBERS; from += SCORES_BATCH) {
    calls.push({
      method: "POST",
      path: `${boardPath(run, board)}/members/ranks`,
      body: { members: members(from, SCORES_BATCH) },
    });
  }
  return service.sendAll(calls).flatMap((reply) => {
    const body = reply.json();
    const answered = isObject(body) ? entriesOf(body["entries"]) : null;
    if (!answered) return [`ranks were refused with status ${reply.status}`];
    return answered
      .filter((entry) => entry.rank !== places.get(entry.member))
      .map(({ member, rank }) => `${member} is told rank ${rank}, not ${places.get(member)}`);
  });
}

function entriesOf(value: unknown): Entry[] | null {
  if (!Array.isArray(value)) return null;
  const sound = value.every(
    (entry) =>
      isObject(entry) &&
      typeof entry["rank"] === "number" &&
      typeof entry["member"] === "string" &&
      typeof entry["score"] === "number",
  );
  return sound ? (value as Entry[]) : null;
}

const members = (from: number, count: number): string[] =>
  Array.from({ length: count }, (_, place) => memberName(from + place));

/** Scores of a member only grow on both boards, so the score itself is the version. */
const observation = (
  kind: Observation["kind"],
  board: BoardId,
  member: number,
  score: number,
): Observation => ({ kind, key: `${board}-${member}`, version: score, token: 0 });
