/**
 * @module
 * Does what the callers read and wrote keep the promise of the pattern? Judged over the whole history of a
 * load, across all virtual users, key by key; versions of a key only grow.
 *
 * 1. `fresh` and stronger: a read is stale if a write of the same key with a higher version had been
 *    acknowledged before the read was sent. Writes still on their way may be seen or not.
 * 2. `linearizable`: what a read has shown stays shown. A read that begins after another one has ended is not
 *    behind it, and a write that begins then gets a higher version. With versions that only grow, that and
 *    rule 1 are all that one order for all callers asks of a key.
 * 3. A version has one value: all who see it, and the one who wrote it, name the same token.
 * 4. Where every write was acknowledged, a version that no write produced is a finding too.
 *
 * Times are whole milliseconds of one clock, rounded down; an end counts as earlier than a start only if its
 * millisecond is strictly lower, so rounding never invents a violation.
 */
import type { ConsistencyLevel } from "../protocol/journey-meta.ts";
import { type Finding, type Observation, VIOLATIONS_MAX } from "../protocol/lines.ts";

export interface Observed {
  readonly startMs: number;
  readonly endMs: number;
  readonly history: readonly Observation[];
}

/** From this instant on nobody may see less. */
interface Floor {
  readonly endMs: number;
  readonly version: number;
}

/** What raises the floor, and how a violation calls that. Below `fresh` nothing does. */
interface Promised {
  readonly name: string;
  readonly raisedBy: readonly Observation["kind"][];
  readonly seen: string;
}

const PROMISED: Readonly<Record<ConsistencyLevel, Promised>> = {
  linearizable: {
    name: "no read and no write is behind what was read or acknowledged before it began",
    raisedBy: ["write", "read"],
    seen: "was read or acknowledged",
  },
  fresh: {
    name: "no read is older than the last write acknowledged before it began",
    raisedBy: ["write"],
    seen: "was acknowledged",
  },
  session: { name: "every read shows what was written", raisedBy: [], seen: "" },
  eventual: { name: "every read shows what was written", raisedBy: [], seen: "" },
};

/** `areWritesComplete`: no write of the load failed. `null` when there was nothing to judge. */
export function checkHistory(
  operations: readonly Observed[],
  level: ConsistencyLevel,
  areWritesComplete: boolean,
): Finding | null {
  const { name, raisedBy, seen } = PROMISED[level];
  const floors = floorsOf(operations, raisedBy);
  const tokens = new Map<string, number>();
  const violations: string[] = [];
  let checked = 0;
  const writes = writtenVersions(operations);
  for (const { startMs, history } of operations) {
    for (const { kind, key, version, token } of history) {
      const value = `${key} ${version}`;
      const known = tokens.get(value) ?? token;
      tokens.set(value, known);
      if (known !== token) violations.push(`key ${key}: version ${version} has two values`);
      const floor = floorAt(floors.get(key) ?? [], startMs);
      if (kind === "write") {
        if (level !== "linearizable") continue;
        checked += 1;
        if (version > floor) continue;
        violations.push(`key ${key}: wrote version ${version} after ${floor} ${seen}`);
        continue;
      }
      checked += 1;
      if (version < floor) {
        violations.push(`key ${key}: read version ${version} after ${floor} ${seen}`);
      }
      if (areWritesComplete && !writes.has(value)) {
        violations.push(`key ${key}: read version ${version}, which no write produced`);
      }
    }
  }
  if (checked === 0 && violations.length === 0) return null;
  return { name, checked, violations: violations.slice(0, VIOLATIONS_MAX) };
}

function writtenVersions(operations: readonly Observed[]): Set<string> {
  const written = new Set<string>();
  for (const { history } of operations) {
    for (const { kind, key, version } of history) {
      if (kind === "write") written.add(`${key} ${version}`);
    }
  }
  return written;
}

/** For each key the ends of what raises its floor, in order of time, each with the highest version until then. */
function floorsOf(
  operations: readonly Observed[],
  raisedBy: readonly Observation["kind"][],
): Map<string, Floor[]> {
  const byKey = new Map<string, Floor[]>();
  for (const { endMs, history } of operations) {
    for (const { kind, key, version } of history) {
      if (!raisedBy.includes(kind)) continue;
      const list = byKey.get(key) ?? [];
      list.push({ endMs, version });
      byKey.set(key, list);
    }
  }
  for (const [key, list] of byKey) {
    let highest = Number.NEGATIVE_INFINITY;
    const floors = list
      .toSorted((a, b) => a.endMs - b.endMs)
      .map(({ endMs, version }) => {
        highest = Math.max(highest, version);
        return { endMs, version: highest };
      });
    byKey.set(key, floors);
  }
  return byKey;
}

/** The highest version of those that ended strictly before `startMs`. */
function floorAt(floors: readonly Floor[], startMs: number): number {
  let low = 0;
  let high = floors.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((floors[middle]?.endMs ?? startMs) < startMs) low = middle + 1;
    else high = middle;
  }
  return floors[low - 1]?.version ?? Number.NEGATIVE_INFINITY;
}
