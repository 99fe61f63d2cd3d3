/**
 * @module
 * `<data>/processes.json`: every process of the running stack, so that after the supervisor was killed the next
 * start can end what it left behind.
 *
 * 1. A process is in the record as soon as it was spawned: the record is written before anything is awaited.
 * 2. Only a process whose start time is the recorded one is ever signalled: pids are reused.
 */
import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { identify, isRunning, type ProcessIdentity, signal } from "./process-identity.ts";

export interface RecordedProcess extends ProcessIdentity {
  readonly id: string;
}

/** What a leftover gets to save its data before it is killed. */
const LEFTOVER_GRACE_MS = 1500;
const POLL_MS = 20;

export function writeProcessRecord(dataDir: string, pids: ReadonlyMap<string, number>): void {
  const processes: RecordedProcess[] = [];
  for (const [id, pid] of pids) {
    const identity = identify(pid);
    if (identity !== null) processes.push({ id, ...identity });
  }
  const path = recordPath(dataDir);
  writeFileSync(`${path}.draft`, `${JSON.stringify(processes, null, 2)}\n`, { mode: 0o600 });
  renameSync(`${path}.draft`, path);
}

export function removeProcessRecord(dataDir: string): void {
  rmSync(recordPath(dataDir), { force: true });
}

/**
 * Ends what a killed supervisor left behind on this data folder: asked first, killed after 1.5 s. The caller
 * holds the folder's lock. Returns the ids of those that still ran.
 */
export async function endLeftovers(dataDir: string): Promise<readonly string[]> {
  const leftovers = readProcessRecord(dataDir).filter(isRunning);
  for (const { pid } of leftovers) {
    signal(pid, "SIGCONT");
    signal(pid, "SIGTERM");
  }
  const deadlineMs = performance.now() + LEFTOVER_GRACE_MS;
  while (leftovers.some(isRunning) && performance.now() < deadlineMs) await sleep(POLL_MS);
  for (const leftover of leftovers) if (isRunning(leftover)) signal(leftover.pid, "SIGKILL");
  while (leftovers.some(isRunning)) await sleep(POLL_MS);
  removeProcessRecord(dataDir);
  return leftovers.map(({ id }) => id);
}

function readProcessRecord(dataDir: string): readonly RecordedProcess[] {
  try {
    return JSON.parse(readFileSync(recordPath(dataDir), "utf8")) as readonly RecordedProcess[];
  } catch {
    return [];
  }
}

function recordPath(dataDir: string): string {
  return join(dataDir, "processes.json");
}
