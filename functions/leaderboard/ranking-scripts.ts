/**
 * @module
 * The scripts that read a ranking, with their types.
 */
import type { RedisReply } from "../../shared/redis/port.ts";
import { integer, list, MalformedReply, nullable, text } from "../../shared/redis/reply.ts";
import { defineScript } from "../../shared/redis/script.ts";
import { type Correction, correctionOf } from "./access.ts";
import aroundSource from "./around.lua";
import type { Stretch } from "./entries.ts";
import pageSource from "./page.lua";
import ranksSource from "./ranks.lua";
import { isScore } from "./score.ts";

/** Which ranking: the board the Worker believes in, the day unless it is of all time, how ranks count. */
type Guard = [board: string, day: number | "", rankMode: string];

interface Found {
  readonly kind: "stretch";
  readonly stretch: Stretch;
}

/** Entries from a position, or from behind an entry. */
export const runPage = defineScript<
  [board: string, ranking: string, metadata: string],
  [
    ...Guard,
    placeCharacters: number,
    limit: number,
    position: number | "",
    storedScore: number | "",
    element: string,
  ],
  Found | Correction
>(pageSource, (reply) => stretchOf(reply) ?? corrected(reply));

/** A member's entry and its neighbours. */
export const runAround = defineScript<
  [board: string, ranking: string, metadata: string, members: string],
  [...Guard, tie: string, rankingId: string, member: string, radius: number],
  Found | { readonly kind: "no_such_member" } | Correction
>(aroundSource, (reply) => {
  const [kind] = list(reply);
  return kind === "no_such_member" ? { kind } : (stretchOf(reply) ?? corrected(reply));
});

/** Rank and score of each member, in the order asked. */
export const runRanks = defineScript<
  [board: string, ranking: string, members: string],
  [...Guard, tie: string, rankingId: string, ...members: string[]],
  | {
      readonly kind: "ranks";
      readonly found: readonly ({ readonly rank: number; readonly storedScore: number } | null)[];
    }
  | Correction
>(ranksSource, (reply) => {
  const [kind, flat] = list(reply);
  if (kind !== "ranks") return corrected(reply);
  const found = pairs(list(flat)).map(([rank, score]) =>
    rank === null ? null : { rank: integer(rank), storedScore: storedScoreOf(score) },
  );
  return { kind, found };
});

function corrected(reply: RedisReply): Correction {
  const correction = correctionOf(reply);
  if (correction === null || correction.kind === "expired") throw new MalformedReply();
  return correction;
}

function stretchOf(reply: RedisReply): Found | null {
  const [kind, total, from, better, entries, metadata] = list(reply);
  if (kind !== "page") return null;
  const found = pairs(list(entries));
  return {
    kind: "stretch",
    stretch: {
      total: integer(total),
      from: integer(from),
      better: integer(better),
      elements: found.map(([element]) => text(element)),
      storedScores: found.map(([, score]) => storedScoreOf(score)),
      metadata: list(metadata).map((value) => nullable(value, text)),
    },
  };
}

function pairs(flat: readonly RedisReply[]): [RedisReply, RedisReply][] {
  return Array.from({ length: flat.length / 2 }, (_, i) => [
    flat[2 * i] ?? null,
    flat[2 * i + 1] ?? null,
  ]);
}

/** Redis prints a score as a double: any form of a whole number will do. */
function storedScoreOf(reply: RedisReply): number {
  const score = Number(text(reply));
  if (!isScore(score)) throw new MalformedReply();
  return score;
}
