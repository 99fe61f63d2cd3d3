/**
 * @module
 * What a board should be, by the simplest means: every ranking is a list that is sorted when it is looked at.
 */

import type { SubmitResult } from "../answer.ts";
import type { BoardDefinition } from "../board.ts";

export interface OracleEntry {
  readonly member: string;
  readonly score: number;
  /** Counts changes on the whole board. */
  readonly changedAt: number;
}

export interface OracleRank {
  readonly rank: number;
  readonly member: string;
  readonly score: number;
}

export type Oracle = ReturnType<typeof createOracle>;

export function createOracle(definition: BoardDefinition) {
  const rankings = new Map<string, Map<string, OracleEntry>>();
  const metadata = new Map<string, string>();
  let changes = 0;

  const ranking = (id: string) => {
    const found = rankings.get(id) ?? new Map<string, OracleEntry>();
    rankings.set(id, found);
    return found;
  };

  const isBetter = (score: number, than: number) =>
    definition.order === "desc" ? score > than : score < than;

  const next = (old: number | undefined, score: number) => {
    if (old === undefined || definition.mode === "set") return score;
    if (definition.mode === "increment") return old + score;
    return isBetter(score, old) ? score : old;
  };

  const isAhead = (a: OracleEntry, b: OracleEntry) => {
    if (a.score !== b.score) return isBetter(a.score, b.score);
    if (definition.tie === "member") return a.member < b.member;
    return definition.tie === "earliest" ? a.changedAt < b.changedAt : a.changedAt > b.changedAt;
  };

  const rankIn = (id: string, member: string): number | null => {
    const entries = ranking(id);
    const entry = entries.get(member);
    if (entry === undefined) return null;
    const isBefore = (other: OracleEntry) =>
      definition.rankMode === "competition"
        ? isBetter(other.score, entry.score)
        : isAhead(other, entry);
    return 1 + [...entries.values()].filter(isBefore).length;
  };

  const sorted = (id: string): OracleRank[] => {
    const entries = [...ranking(id).values()].sort((a, b) => (isAhead(a, b) ? -1 : 1));
    return entries.map(({ member, score }, i) => {
      const firstEqual = entries.findIndex((other) => other.score === score);
      return { rank: 1 + (definition.rankMode === "ordinal" ? i : firstEqual), member, score };
    });
  };

  return {
    metadata: metadata as ReadonlyMap<string, string>,
    sorted,
    rankIn,
    scoreIn: (id: string, member: string) => ranking(id).get(member)?.score ?? null,
    /** `ids`: `all`, and the periods that are open. */
    submit(
      ids: readonly string[],
      { member, score, metadata: text }: { member: string; score: number; metadata: string | null },
    ): SubmitResult {
      const previous = ranking("all").get(member)?.score ?? null;
      const applied = definition.mode !== "best" || previous === null || isBetter(score, previous);
      changes += 1;
      for (const id of ids) {
        const old = ranking(id).get(member)?.score;
        const score_ = next(old, score);
        if (score_ !== old) ranking(id).set(member, { member, score: score_, changedAt: changes });
      }
      if (applied && text !== null) metadata.set(member, text);
      return {
        applied,
        previous,
        score: ranking("all").get(member)?.score ?? Number.NaN,
        rank: rankIn("all", member) ?? Number.NaN,
        total: ranking("all").size,
      };
    },
    remove(member: string) {
      for (const entries of rankings.values()) entries.delete(member);
      metadata.delete(member);
    },
    reset() {
      rankings.clear();
      metadata.clear();
    },
  };
}
