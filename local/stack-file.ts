/**
 * @module
 * `<data>/stack.json`: what a running local stack tells about itself, and the only way to find one.
 *
 * 1. It is there, mode 0600, from the moment everything serves until the stack stops.
 * 2. It is replaced as a whole: a reader never sees half of it.
 * 3. It may be left over from a stack that was killed, so readers check that `pid` lives. `readStack` does.
 */
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export interface StackRedis {
  /** `main`, `node-1`, `shard-1-primary`, `shard-1-replica-1`, … */
  readonly id: string;
  /** Base URL of its Upstash REST endpoint (redis-http). */
  readonly url: string;
  /** Bearer token of `url`, and password of the RESP port. */
  readonly token: string;
  /** RESP port of the real redis-server on 127.0.0.1. */
  readonly port: number;
  /** Process of the redis-server; the last known one while it is down. */
  readonly pid: number;
}

export interface StackShard {
  readonly id: string;
  readonly primary: StackRedis;
  readonly replicas: readonly StackRedis[];
}

export interface StackFile {
  /** Base URL of the Worker. */
  readonly url: string;
  /** API key with every scope; also the bearer token of `faults.url`. */
  readonly key: string;
  /** The supervisor. */
  readonly pid: number;
  /** The process of the Workers runtime (workerd), or with `npm run dev` its ancestor. */
  readonly worker: { readonly pid: number };
  readonly redis: {
    readonly main: StackRedis;
    /** Three voters, then a spare. Empty with `--single-database`. */
    readonly nodes: readonly StackRedis[];
    /** Three pairs, then one for joins. Empty with `--single-database`. */
    readonly shards: readonly StackShard[];
  };
  /** `url` is what DATABASE_URL holds; `sqlUrl` the Neon HTTP endpoint behind it. */
  readonly postgres: { readonly url: string; readonly sqlUrl: string };
  /** Base URL of the fault and process control. */
  readonly faults: { readonly url: string };
}

function stackFilePath(dataDir: string): string {
  return join(dataDir, "stack.json");
}

/** The stack that runs on this data folder, or `null` when none does. */
export function readStack(dataDir: string): StackFile | null {
  let text: string;
  try {
    text = readFileSync(stackFilePath(dataDir), "utf8");
  } catch {
    return null;
  }
  const stack = JSON.parse(text) as StackFile;
  return isAlive(stack.pid) ? stack : null;
}

/** Replaces the file in one step. Mode 0600: it holds every secret of the stack. */
export function writeStackFile(dataDir: string, stack: StackFile): void {
  mkdirSync(dataDir, { recursive: true });
  const path = stackFilePath(dataDir);
  const draft = `${path}.${process.pid}`;
  writeFileSync(draft, `${JSON.stringify(stack, null, 2)}\n`, { mode: 0o600 });
  renameSync(draft, path);
}

export function removeStackFile(dataDir: string): void {
  rmSync(stackFilePath(dataDir), { force: true });
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Another user's process: there, but not ours to signal.
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
