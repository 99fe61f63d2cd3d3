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

export class ProcessRecord {
  readonly #path: string;
  readonly #identify: (pid: number) => ProcessIdentity | null;
  /** By id. Who a process is, is asked once: where there is no /proc, each time is a `ps`. */
  readonly #known = new Map<string, ProcessIdentity>();

  constructor(dataDir: string, ask = identify) {
    this.#path = recordPath(dataDir);
    this.#identify = ask;
  }

  /** The process of this id is another one from now on, whatever its pid. */
  forget(id: string): void {
    this.#known.delete(id);
  }

  /** Those of the given ones that ran when they were given first. */
  write(pids: ReadonlyMap<string, number>): void {
    const processes: RecordedProcess[] = [];
    for (const [id, pid] of pids) {
      const known = this.#known.get(id);
      const identity = known?.pid === pid ? known : this.#identify(pid);
      if (identity === null) continue;
      this.#known.set(id, identity);
      processes.push({ id, ...identity });
    }
    const draft = `${this.#path}.draft`;
    writeFileSync(draft, `${JSON.stringify(processes, null, 2)}\n`, { mode: 0o600 });
    renameSync(draft, this.#path);
  }
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
