/**
 * @module
 * A local stack of the lab's own, on free ports and its own data folder, for the time of a run.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { readStack, type StackFile } from "../../local/stack-file.ts";
import { isTaken, REDIS_PORTS, WORKER_PORTS } from "../../local/supervisor/ports.ts";
import { RunStoppedError, throwIfStopped } from "../stopping.ts";

const ROOT = join(dirname(fileURLToPath(import.meta.url)), "..", "..");

/** Apart from `.local`, so that a run never touches what a person keeps in their own stack. */
const DATA_DIR = join(ROOT, ".local", "lab");

const READY_TIMEOUT_MS = 120_000;
const READY_POLL_MS = 100;
const STOP_TIMEOUT_MS = 10_000;

const PORT_TRIES_MAX = 100;

/** The local stack that the lab wanted to run on did not come up; the message holds what it said. */
export class StackStartError extends Error {
  override readonly name = "StackStartError";
}

export interface OwnStack {
  stack(): StackFile;
  stop(): Promise<void>;
}

/** Aborting while it starts stops it again and throws `RunStoppedError`. */
export async function startOwnStack(
  say: (line: string) => void,
  signal: AbortSignal,
  dataDir: string = DATA_DIR,
): Promise<OwnStack> {
  throwIfStopped(signal);
  const other = readStack(dataDir);
  if (other !== null) {
    throw new StackStartError(
      `Another lab is using its stack at ${other.url}. Wait for it; if it was killed, stop what it left: kill -INT ${other.pid}`,
    );
  }
  const port = await freePorts(WORKER_PORTS, 18_787);
  const redisPort = await freePorts(REDIS_PORTS, 17_400);
  const child = spawn(
    process.execPath,
    [
      join(ROOT, "local", "start.ts"),
      ...["--data", dataDir],
      ...["--port", String(port)],
      ...["--redis-port", String(redisPort)],
    ],
    {
      cwd: ROOT,
      stdio: ["ignore", "pipe", "pipe"],
      // A group of its own: a Ctrl-C stops the lab first, which then stops the stack in order.
      detached: true,
      // Like a stack below npm it looks whether its starter is still there, and stops when the lab was killed.
      env: { ...process.env, npm_lifecycle_event: "lab" },
    },
  );
  const output: string[] = [];
  const keep = (chunk: Buffer) => {
    output.push(chunk.toString());
    if (output.length > 200) output.shift();
  };
  child.stdout.on("data", keep);
  child.stderr.on("data", keep);
  const exited = once(child, "exit");
  let hasExited = false;
  void exited.then(() => {
    hasExited = true;
  });

  const stop = async () => {
    if (hasExited || child.pid === undefined) return;
    child.kill("SIGINT");
    const timer = setTimeout(() => child.kill("SIGKILL"), STOP_TIMEOUT_MS);
    await exited;
    clearTimeout(timer);
  };

  const deadlineMs = Date.now() + READY_TIMEOUT_MS;
  let last = readStack(dataDir);
  while (last === null || last.pid !== child.pid) {
    if (signal.aborted || hasExited || Date.now() > deadlineMs) {
      await stop();
      if (signal.aborted) throw new RunStoppedError();
      throw new StackStartError(`The local stack did not start:\n${output.join("").trim()}`);
    }
    await new Promise((resolve) => setTimeout(resolve, READY_POLL_MS));
    last = readStack(dataDir);
  }
  say(`local stack ready at ${last.url}`);
  const first = last;
  return { stack: () => readStack(dataDir) ?? first, stop };
}

/** The first of `count` consecutive ports that nobody uses, at `from` or above. */
async function freePorts(count: number, from: number): Promise<number> {
  for (let tries = 0; tries < PORT_TRIES_MAX; tries += 1) {
    const base = from + tries * count;
    const ports = Array.from({ length: count }, (_, place) => base + place);
    if (!(await Promise.all(ports.map(isTaken))).includes(true)) return base;
  }
  throw new Error(`No ${count} consecutive free ports from ${from}; stop what uses them.`);
}
