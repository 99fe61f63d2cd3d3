/**
 * @module
 * How a call reaches a board whose configuration it does not know for certain, at a time it does not know
 * for certain.
 *
 * The Worker believes in a configuration it has cached and in the day of its own clock. Every script
 * compares both with what the store has, in the same step in which it works, and answers with the truth
 * instead of working when they differ. So a belief can be wrong for as long as it likes and costs a trip,
 * never a wrong answer.
 */
import type { Attempts, Expired } from "../../shared/kernel/attempts.ts";
import type { BoundedCache, BoundedCacheOptions } from "../../shared/kernel/bounded-cache.ts";
import { UpstreamError } from "../../shared/kernel/errors.ts";
import type { RedisCallOptions, RedisPort, RedisReply } from "../../shared/redis/port.ts";
import {
  expired,
  integer,
  list,
  MalformedReply,
  nullable,
  text,
} from "../../shared/redis/reply.ts";
import { type Board, parseBoard } from "./board.ts";
import { type BoardSpace, boardKeys } from "./keys.ts";
import { dayOf } from "./windows.ts";

/** What the pattern needs of its surroundings for one request. */
export interface LeaderboardAccess {
  readonly redis: RedisPort;
  readonly attempts: Attempts;
  readonly space: BoardSpace;
  /** 128 random bits, in characters of base64url. */
  readonly newId: () => string;
  /** Boards that this isolate believes in, by key. */
  readonly known: BoundedCache<Board>;
}

export const KNOWN_BOARDS: BoundedCacheOptions = { entriesMax: 1_000, ttlMs: 5_000 };

/** How often one call may be told that it was wrong about the board or the day. */
const CORRECTIONS_MAX = 3;

/** A script's word that the Worker is wrong. Nothing was done. */
export type Correction =
  | { readonly kind: "stale_board"; readonly board: Board | null }
  | { readonly kind: "other_day"; readonly storeNowMs: number };

export interface NoSuchBoard {
  readonly kind: "no_such_board";
}

/** Reads the replies that every script may give: corrections, and a write that came too late. */
export function correctionOf(reply: RedisReply): Correction | Expired | null {
  const [kind, fact] = list(reply);
  switch (kind) {
    case "stale":
      return { kind: "stale_board", board: nullable(fact, boardOf) };
    case "day":
      return { kind: "other_day", storeNowMs: integer(fact) };
    case "expired":
      return expired(reply);
    default:
      return null;
  }
}

/**
 * Calls `send` with the board and the day until the store agrees with both.
 *
 * @throws UpstreamError when the store has not agreed after `CORRECTIONS_MAX` corrections: the board is
 * being replaced all the time
 */
export async function withBoard<Reply extends { readonly kind: string }>(
  access: LeaderboardAccess,
  name: string,
  options: RedisCallOptions,
  send: (board: Board, day: number) => Promise<Reply | Correction>,
): Promise<Reply | NoSuchBoard> {
  const key = boardKeys(access.space, name).board;
  const nowMs = access.attempts.clock();
  let board = access.known.get(key, nowMs) ?? (await readBoard(access, name, options));
  let day = dayOf(nowMs);
  for (let corrections = 0; corrections <= CORRECTIONS_MAX; corrections += 1) {
    if (board === null) return { kind: "no_such_board" };
    const reply = await send(board, day);
    if (!isCorrection(reply)) return reply;
    if (reply.kind === "other_day") day = dayOf(reply.storeNowMs);
    else board = remember(access, key, reply.board);
  }
  throw neverAgreed();
}

/** Calls `send` with the day until the store agrees. For calls that need no configuration. */
export async function withDay<Reply extends { readonly kind: string }>(
  access: LeaderboardAccess,
  send: (day: number) => Promise<Reply | Correction>,
): Promise<Reply> {
  let day = dayOf(access.attempts.clock());
  for (let corrections = 0; corrections <= CORRECTIONS_MAX; corrections += 1) {
    const reply = await send(day);
    if (!isCorrection(reply)) return reply;
    if (reply.kind === "other_day") day = dayOf(reply.storeNowMs);
  }
  throw neverAgreed();
}

function neverAgreed(): UpstreamError {
  return new UpstreamError({ dependency: "redis", fault: "refused", outcome: "not_applied" });
}

function isCorrection(reply: { readonly kind: string }): reply is Correction {
  return reply.kind === "stale_board" || reply.kind === "other_day";
}

/** Asks the store, whatever is cached, and remembers the answer. Costs one trip. */
export async function readBoard(
  access: LeaderboardAccess,
  name: string,
  options: RedisCallOptions,
): Promise<Board | null> {
  const key = boardKeys(access.space, name).board;
  try {
    const reply = await access.redis.command(["GET", key], options);
    return remember(access, key, nullable(reply, boardOf));
  } catch (error) {
    if (error instanceof UpstreamError) throw error.withOutcome("not_applied");
    if (!(error instanceof MalformedReply)) throw error;
    throw new UpstreamError({ dependency: "redis", fault: "garbage", outcome: "not_applied" });
  }
}

function boardOf(reply: RedisReply): Board {
  return parseBoard(text(reply));
}

function remember(access: LeaderboardAccess, key: string, board: Board | null): Board | null {
  if (board === null) access.known.delete(key);
  else access.known.set(key, board, access.attempts.clock());
  return board;
}
