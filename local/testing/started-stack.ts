/**
 * @module
 * `npm start` as a person runs it, for tests: on free ports and a folder of its own.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { readStack, type StackFile } from "../stack-file.ts";
import type { PortBases } from "../supervisor/ports.ts";
import { takenPorts } from "../supervisor/ports.ts";
import { portUses } from "../supervisor/stack-plan.ts";

const START = join(import.meta.dirname, "..", "start.ts");
const READY_TIMEOUT_MS = 60_000;
const POLL_MS = 25;
const BASES_TRIED_MAX = 50;
/** Below the ports that systems hand out by themselves, and apart from the defaults. */
const PORTS_FROM = 20_000;
const PORTS_SPAN = 10_000;

export interface StartedStack {
  readonly process: ChildProcess;
  readonly stack: StackFile;
  /** Everything it has printed so far. */
  output(): string;
}

export interface StartArguments {
  readonly bases: PortBases;
  readonly dataDir: string;
  readonly more?: readonly string[];
  /** Beside the environment of the tests. */
  readonly env?: Readonly<Record<string, string>>;
}

/** Resolves once `stack.json` is there; rejects with what it printed when it ends before. */
export async function startStack(given: StartArguments): Promise<StartedStack> {
  const { dataDir } = given;
  const child = spawnStart(given);
  const deadlineMs = performance.now() + READY_TIMEOUT_MS;
  for (;;) {
    const stack = readStack(dataDir);
    if (stack !== null && stack.pid === child.process.pid) return { ...child, stack };
    if (child.process.exitCode !== null || performance.now() > deadlineMs) {
      child.process.kill("SIGKILL");
      throw new Error(`the stack did not start:\n${child.output()}`);
    }
    await sleep(POLL_MS);
  }
}

/** Resolves with the exit code and what was printed. */
export async function runStart(
  given: StartArguments,
): Promise<{ readonly code: number; readonly output: string }> {
  const child = spawnStart(given);
  const [code] = (await once(child.process, "close")) as [number];
  return { code, output: child.output() };
}

/** Only begins: nothing serves yet. */
export function spawnStart({
  bases,
  dataDir,
  more = [],
  env = {},
}: StartArguments): Omit<StartedStack, "stack"> {
  const child = spawn(
    process.execPath,
    [
      START,
      ...["--port", String(bases.port)],
      ...["--redis-port", String(bases.redisPort)],
      ...["--data", dataDir],
      ...more,
    ],
    { env: { ...process.env, ...env } },
  );
  let printed = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk: Buffer) => {
      printed += chunk.toString();
    });
  }
  return { process: child, output: () => printed };
}

/** Port bases that nothing listens on now. */
export async function freeBases(): Promise<PortBases> {
  for (let tried = 0; tried < BASES_TRIED_MAX; tried += 1) {
    const redisPort = PORTS_FROM + Math.floor(Math.random() * PORTS_SPAN);
    const bases = { redisPort, port: redisPort + 40 };
    if ((await takenPorts(portUses(bases, false))).length === 0) return bases;
  }
  throw new Error("there are no free ports for a stack");
}
