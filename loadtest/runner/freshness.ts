/**
 * @module
 * Did every read see what was acknowledged before it began? Judged over the whole history of a load,
 * across all virtual users.
 *
 * 1. A read is stale if a write of the same key with a higher version had been acknowledged before the
 *    read was sent. Writes still on their way may be seen or not.
 * 2. A version has one value: all who see it, and the one who wrote it, name the same token.
 * 3. Where every write was acknowledged, a version that no write produced is a finding too.
 *
 * Times are whole milliseconds of one clock, rounded down; an acknowledgement counts as earlier only if
 * its millisecond is strictly lower, so rounding never invents a violation.
 */
import { type Finding, type Observation, VIOLATIONS_MAX } from "../protocol/lines.ts";

export interface Observed {
  readonly startMs: number;
  readonly endMs: number;
  readonly history: readonly Observation[];
}

interface Acknowledged {
  readonly endMs: number;
  readonly version: number;
}

/** `areWritesComplete`: no write of the load failed. `null` when the journey keeps no history. */
export function checkFreshness(
  operations: readonly Observed[],
  areWritesComplete: boolean,
): Finding | null {
  const floors = acknowledgedFloors(operations);
  const tokens = new Map<string, number>();
  const violations: string[] = [];
  let checked = 0;
  const writes = writtenVersions(operations);
  for (const { startMs, history } of operations) {
    for (const { kind, key, version, token } of history) {
      const name = `${key} ${version}`;
      const known = tokens.get(name) ?? token;
      tokens.set(name, known);
      if (known !== token) violations.push(`key ${key}: version ${version} has two values`);
      if (kind === "write") continue;
      checked += 1;
      const floor = floorAt(floors.get(key) ?? [], startMs);
      if (version < floor) {
        violations.push(`key ${key}: read version ${version} after ${floor} was acknowledged`);
      }
      if (areWritesComplete && !writes.has(name)) {
        violations.push(`key ${key}: read version ${version}, which no write produced`);
      }
    }
  }
  if (checked === 0) return null;
  return {
    name: "no read is older than the last write acknowledged before it began",
    checked,
    violations: violations.slice(0, VIOLATIONS_MAX),
  };
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

/** For each key the acknowledgements in order of time, each with the highest version until then. */
function acknowledgedFloors(operations: readonly Observed[]): Map<string, Acknowledged[]> {
  const writes = new Map<string, Acknowledged[]>();
  for (const { endMs, history } of operations) {
    for (const { kind, key, version } of history) {
      if (kind !== "write") continue;
      const list = writes.get(key) ?? [];
      list.push({ endMs, version });
      writes.set(key, list);
    }
  }
  for (const [key, list] of writes) {
    let highest = Number.NEGATIVE_INFINITY;
    const floors = list
      .toSorted((a, b) => a.endMs - b.endMs)
      .map(({ endMs, version }) => {
        highest = Math.max(highest, version);
        return { endMs, version: highest };
      });
    writes.set(key, floors);
  }
  return writes;
}

/** The highest version acknowledged strictly before `startMs`. */
function floorAt(floors: readonly Acknowledged[], startMs: number): number {
  let low = 0;
  let high = floors.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((floors[middle]?.endMs ?? startMs) < startMs) low = middle + 1;
    else high = middle;
  }
  return floors[low - 1]?.version ?? Number.NEGATIVE_INFINITY;
}
