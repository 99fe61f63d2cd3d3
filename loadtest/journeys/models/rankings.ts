/**
 * @module
 * What the leaderboard journey submits and what must be left of it: pure, so that the end of a run can
 * be computed without the run.
 *
 * Two boards, because each hides what the other shows. On `best` only the highest score of a member
 * counts, ties are ordered by name, and the final order is therefore exact. On `sum` every submit adds,
 * so a lost one and one applied twice both change the total.
 */
import { hash32, unit } from "../../protocol/random.ts";
import { pick, zipf } from "../../protocol/zipf.ts";

export const MEMBERS = 1_000;

/** Few enough that with `MEMBERS` members many are equal. */
const BEST_SCORES = 1_000;
const INCREMENT_MAX = 100;

export type BoardId = "best" | "sum";
export const BOARDS: readonly BoardId[] = ["best", "sum"];

/** Separates the draws of one request from each other. */
const SALT = { operation: 1, board: 2, member: 3, score: 4 } as const;

const memberRank = zipf(MEMBERS);

export interface Step {
  /** Place in the shares handed in. */
  readonly operation: number;
  readonly board: BoardId;
  /** 0 to `MEMBERS` - 1. */
  readonly member: number;
  /** Points to submit; at least 1. */
  readonly score: number;
}

/** Request `index` of a run with this seed. */
export function step(seed: number, index: number, shares: readonly number[]): Step {
  const board: BoardId = unit(seed, index, SALT.board) < 0.5 ? "best" : "sum";
  const most = board === "best" ? BEST_SCORES : INCREMENT_MAX;
  return {
    operation: pick(shares, unit(seed, index, SALT.operation)),
    board,
    member: memberRank(unit(seed, index, SALT.member)),
    score: 1 + Math.floor(unit(seed, index, SALT.score) * most),
  };
}

/** Names sort in an order that has nothing to do with how often a member is drawn. */
export const memberName = (member: number): string =>
  `m-${hash32(97, member).toString(36).padStart(7, "0")}-${member}`;

export const memberOf = (name: string): number => Number(name.slice(name.lastIndexOf("-") + 1));

/** Scores of all members of both boards after `requests` requests; every member began with 0. */
export function finalScores(
  seed: number,
  requests: number,
  shares: readonly number[],
  submitOperation: number,
): Record<BoardId, number[]> {
  const best = new Array<number>(MEMBERS).fill(0);
  const sum = new Array<number>(MEMBERS).fill(0);
  for (let index = 0; index < requests; index += 1) {
    const { operation, board, member, score } = step(seed, index, shares);
    if (operation !== submitOperation) continue;
    if (board === "best") best[member] = Math.max(best[member] ?? 0, score);
    else sum[member] = (sum[member] ?? 0) + score;
  }
  return { best, sum };
}

export interface Entry {
  readonly rank: number;
  readonly member: string;
  readonly score: number;
}

/** Where a page of a descending board breaks its own rules, or `null`. */
export function disorder(entries: readonly Entry[], firstRank: number): string | null {
  let lowest = Number.POSITIVE_INFINITY;
  let rank = firstRank;
  for (const entry of entries) {
    if (entry.rank !== rank) return `rank ${entry.rank} at place ${rank}`;
    if (entry.score > lowest) return `score rises at rank ${rank}`;
    lowest = entry.score;
    rank += 1;
  }
  return null;
}

export interface BoardCheck {
  readonly scores: readonly number[];
  readonly entries: readonly Entry[];
  /** Whether equal scores must be in the order of their names. */
  readonly tiesByName: boolean;
}

/** Sentences for every way in which a whole board differs from the scores it must have. */
export function boardViolations({ scores, entries, tiesByName }: BoardCheck): string[] {
  const violations: string[] = [];
  const broken = disorder(entries, 1);
  if (broken !== null) violations.push(broken);
  const seen = new Set<string>();
  for (const { member, score } of entries) {
    if (seen.has(member)) violations.push(`${member} is listed twice`);
    seen.add(member);
    const expected = scores[memberOf(member)];
    if (score !== expected) violations.push(`${member} has ${score} instead of ${expected}`);
  }
  const missing = scores.filter((_, member) => !seen.has(memberName(member))).length;
  if (missing > 0) violations.push(`${missing} of ${scores.length} members are missing`);
  if (tiesByName) violations.push(...tieViolations(entries));
  return violations;
}

function tieViolations(entries: readonly Entry[]): string[] {
  const violations: string[] = [];
  for (const [place, entry] of entries.entries()) {
    const before = entries[place - 1];
    if (before && before.score === entry.score && before.member > entry.member) {
      violations.push(`${before.member} and ${entry.member} are equal and in the wrong order`);
    }
  }
  return violations;
}
