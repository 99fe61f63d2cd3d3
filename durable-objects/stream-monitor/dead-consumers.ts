/**
 * @module
 * Which consumers of a group have died, and who is to have what they held.
 */
import { deadAfterMs } from "../../shared/streams/liveness.ts";
import { NOBODY } from "../../shared/streams/reassign.ts";

/** Consumers that one round of upkeep takes care of; the next has the others. */
export const DEAD_MAX = 200;

export interface Handover {
  readonly from: string;
  readonly to: string;
}

/** What of a group's stored configuration this needs; see `functions/line-streams/group.ts`. */
export interface KnownGroup {
  readonly partitions: number;
  readonly visibilityMs: number;
}

/** Null for a text of another format. */
export function knownGroup(text: string): KnownGroup | null {
  const [, partitions, visibilityMs] = /^1 \S+ \d+ (\d+) \S+ (\d+) \d+ [01]$/.exec(text) ?? [];
  if (partitions === undefined || visibilityMs === undefined) return null;
  return { partitions: Number(partitions), visibilityMs: Number(visibilityMs) };
}

/** What of a topic's stored configuration this needs; see `functions/line-streams/topic.ts`. */
export interface KnownTopic {
  readonly partitions: number;
  readonly maxLength: number | null;
  readonly retentionMs: number | null;
}

/** Null for a text of another format. */
export function knownTopic(text: string): KnownTopic | null {
  const [, partitions, maxLength, retentionMs] =
    /^1 \S+ \d+ (\d+) (\d+|-) (\d+|-)$/.exec(text) ?? [];
  if (partitions === undefined) return null;
  const bound = (written: string | undefined) =>
    written === undefined || written === "-" ? null : Number(written);
  return {
    partitions: Number(partitions),
    maxLength: bound(maxLength),
    retentionMs: bound(retentionMs),
  };
}

/** Each dead consumer with the live one that holds least; with nobody where none lives. */
export function handovers(
  fields: ReadonlyMap<string, string>,
  { visibilityMs }: KnownGroup,
  nowMs: number,
): Handover[] {
  const aliveSinceMs = nowMs - deadAfterMs(visibilityMs);
  const consumers = [...fields.keys()]
    .filter((field) => field.startsWith("s "))
    .map((field) => field.slice(2))
    .sort();
  const isAlive = (name: string) => Number(fields.get(`s ${name}`)) > aliveSinceMs;
  const heldBy = new Map(
    consumers.filter(isAlive).map((name) => [name, Number(fields.get(`c ${name}`) ?? 0)] as const),
  );
  const dead = consumers.filter((name) => !isAlive(name)).slice(0, DEAD_MAX);
  return dead.map((from) => {
    const [to = NOBODY] = [...heldBy].sort(([, a], [, b]) => a - b)[0] ?? [];
    heldBy.set(to, (heldBy.get(to) ?? 0) + Number(fields.get(`c ${from}`) ?? 0));
    return { from, to };
  });
}
