/** @module `wrangler dev` over the stores of a stack: as a process of the stack, or beside one that runs. */
import { spawn } from "node:child_process";
import { mkdirSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { startCron } from "./cron-ticker.ts";
import type { ProcessPlan } from "./managed-process.ts";
import { QUIET_WRANGLER } from "./quiet-wrangler.ts";
import {
  devVarsOf,
  LOOPBACK,
  type Surroundings,
  workerBindings,
  writeDevVars,
} from "./worker-bindings.ts";

const STOP_GRACE_MS = 1500;
const PROBE_EVERY_MS = 100;

export interface WranglerDev {
  readonly root: string;
  /** Its `dev.vars` hold the bindings. */
  readonly dataDir: string;
  readonly port: number;
  readonly passedOn: readonly string[];
}

/** As the Worker of a stack. */
export function wranglerDevPlan(dev: WranglerDev & { readonly around: Surroundings }): ProcessPlan {
  return {
    id: "worker",
    kind: "worker",
    stopGraceMs: STOP_GRACE_MS,
    launch: () => {
      writeDevVars(devVarsOf(dev.dataDir), workerBindings(dev.around, "dev"));
      const [command, ...args] = commandLine(dev);
      return {
        command,
        args,
        cwd: dev.root,
        env: QUIET_WRANGLER,
        hasChannel: false,
        untilReady: (gone) => untilListens(dev.port, gone),
      };
    },
  };
}

/** Beside a running stack, in the foreground. Resolves with the exit code. */
export async function runWranglerDev(dev: WranglerDev): Promise<number> {
  const [command, ...args] = commandLine(dev);
  const child = spawn(command, args, {
    cwd: dev.root,
    stdio: "inherit",
    env: { ...process.env, ...QUIET_WRANGLER },
  });
  const stopCron = cronOf(dev);
  // A Ctrl-C of the terminal reaches wrangler by itself; this is for whoever signals only this process.
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
    process.on(name, () => child.kill("SIGTERM"));
  const code = await new Promise<number>((resolve) => {
    child.once("error", () => resolve(1));
    child.once("exit", (exitCode) => resolve(exitCode ?? 0));
  });
  stopCron();
  return code;
}

function commandLine({ root, dataDir, port, passedOn }: WranglerDev): [string, ...string[]] {
  const persistDir = join(dataDir, "dev");
  mkdirSync(persistDir, { recursive: true });
  return [
    process.execPath,
    join(root, "node_modules", "wrangler", "bin", "wrangler.js"),
    "dev",
    ...["--ip", LOOPBACK],
    ...["--port", String(port)],
    ...["--inspector-port", "0"],
    ...["--persist-to", persistDir],
    ...["--env-file", devVarsOf(dataDir)],
    "--show-interactive-dev-session=false",
    ...passedOn,
  ];
}

/** Failures are not said: while a change does not build there is nothing to call. */
function cronOf({ port }: WranglerDev): () => void {
  const url = new URL(`http://${LOOPBACK}:${port}`);
  return startCron(
    () => url,
    () => undefined,
  );
}

async function untilListens(port: number, gone: AbortSignal): Promise<void> {
  while (!gone.aborted && !(await listens(port))) await sleep(PROBE_EVERY_MS);
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, LOOPBACK);
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}
