/**
 * @module
 * Is this pid still the process that was meant? A pid alone is reused; a pid with its start time is not.
 */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

export interface ProcessIdentity {
  readonly pid: number;
  /** Opaque: equal for the same process, different for a later one with the same pid. */
  readonly startedAt: string;
}

/** `null` when no such process runs; one that has exited and waits for its parent does not run. */
export function identify(pid: number): ProcessIdentity | null {
  const startedAt = process.platform === "linux" ? linuxStart(pid) : psStart(pid);
  return startedAt === null ? null : { pid, startedAt };
}

export function isRunning({ pid, startedAt }: ProcessIdentity): boolean {
  return identify(pid)?.startedAt === startedAt;
}

/** Sends a signal to a process, or with a negative pid to its group. Returns false when there was none. */
export function signal(pid: number, name: NodeJS.Signals): boolean {
  try {
    process.kill(pid, name);
    return true;
  } catch {
    return false;
  }
}

/** The pids whose parent is this process. */
export function childrenOf(pid: number): readonly number[] {
  try {
    if (process.platform === "linux") {
      return numbers(readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8"));
    }
    return numbers(execFileSync("pgrep", ["-P", String(pid)], { encoding: "utf8" }));
  } catch {
    return [];
  }
}

/** `null` when there is no such process, and where the system has no /proc. */
export function parentOf(pid: number): number | null {
  const parent = statFields(pid)?.[PARENT_FIELD];
  return parent === undefined ? null : Number(parent);
}

/** proc(5), /proc/pid/stat: the name in parentheses may hold anything, the fields after it are fixed. */
const STATE_FIELD = 0;
const PARENT_FIELD = 1;
const START_TIME_FIELD = 19;

function linuxStart(pid: number): string | null {
  try {
    const fields = statFields(pid);
    if (fields === null) return null;
    if (fields[STATE_FIELD] === "Z" || fields[STATE_FIELD] === "X") return null;
    const bootId = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    return `${bootId}/${fields[START_TIME_FIELD]}`;
  } catch {
    return null;
  }
}

function statFields(pid: number): readonly string[] | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  } catch {
    return null;
  }
}

function psStart(pid: number): string | null {
  try {
    const line = execFileSync("ps", ["-o", "stat=,lstart=", "-p", String(pid)], {
      encoding: "utf8",
    });
    const text = line.trim();
    return text === "" || text.startsWith("Z") ? null : text.slice(text.indexOf(" ")).trim();
  } catch {
    return null;
  }
}

function numbers(text: string): readonly number[] {
  return text
    .split(/\s+/)
    .filter((part) => part !== "")
    .map(Number);
}
