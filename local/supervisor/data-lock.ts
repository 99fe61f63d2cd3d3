/**
 * @module
 * One stack a data folder. The lock names its holder by pid and start time, so that a lock whose holder was
 * killed can be told from one that is held, and a second start can say who runs.
 */
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { identify, isRunning, type ProcessIdentity } from "./process-identity.ts";

export interface LockHolder extends ProcessIdentity {
  /** Where its Worker answers. */
  readonly url: string;
}

export type LockOutcome =
  | { readonly kind: "taken"; readonly release: () => void }
  | { readonly kind: "held"; readonly holder: LockHolder };

/** Two starts may take turns at a stale lock; more often than this is no race. */
const ATTEMPTS_MAX = 10;

/** Takes the lock of an existing folder for this process. */
export function takeDataLock(dataDir: string, url: string): LockOutcome {
  const self = identify(process.pid);
  if (self === null) throw new Error("This process cannot read its own start time.");
  const path = join(dataDir, "lock.json");
  const own = `${path}.${process.pid}`;
  writeFileSync(own, JSON.stringify({ ...self, url }), { mode: 0o600 });
  try {
    for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt += 1) {
      // A hard link appears with its content, or not at all.
      if (tryLink(own, path))
        return { kind: "taken", release: () => rmSync(path, { force: true }) };
      const holder = readHolder(path);
      if (holder !== null && isRunning(holder)) return { kind: "held", holder };
      removeStale(path, `${own}.stale`);
    }
    throw new Error(`Could not take ${path}. Delete it if no stack runs on this folder.`);
  } finally {
    rmSync(own, { force: true });
  }
}

/** Puts a stale lock away; gives it back when another start has replaced it by its own meanwhile. */
function removeStale(path: string, aside: string): void {
  try {
    renameSync(path, aside);
  } catch {
    return;
  }
  const moved = readHolder(aside);
  if (moved !== null && isRunning(moved)) tryLink(aside, path);
  rmSync(aside, { force: true });
}

function tryLink(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

function readHolder(path: string): LockHolder | null {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as LockHolder;
  } catch {
    return null;
  }
}
