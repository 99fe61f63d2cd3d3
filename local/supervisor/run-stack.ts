/**
 * @module
 * A stack in the foreground of a terminal: what is printed while it starts, runs and stops, and what ends it.
 */
import { join } from "node:path";
import { ensureRedisServer } from "../doctor/redis-server.ts";
import { onStopSignal } from "../stop-signals.ts";
import { whenLauncherGone } from "./launcher.ts";
import type { ProcessPlan } from "./managed-process.ts";
import { workerPlan } from "./node-plans.ts";
import type { PortBases } from "./ports.ts";
import { LocalStack } from "./stack.ts";
import type { StackPlan } from "./stack-plan.ts";
import { stackSummary } from "./stack-summary.ts";
import { bundleWorker } from "./worker-bundle.ts";

export interface RunStackOptions {
  readonly root: string;
  readonly dataDir: string;
  readonly bases: PortBases;
  readonly isSingleDatabase: boolean;
  /** Makes the Worker's process; absent: the bundle in Miniflare. */
  readonly worker?: (plan: StackPlan, stopped: AbortSignal) => Promise<ProcessPlan>;
}

/** Data folder of a stack that is started without `--data`; only that one writes `.dev.vars`. */
export const defaultDataDir = (root: string): string => join(root, ".local");

/** Starts a stack and returns when it has been stopped. Exits non-zero when it cannot start. */
export async function runStack(options: RunStackOptions): Promise<void> {
  const { root, dataDir, bases, isSingleDatabase } = options;
  const startedAtMs = performance.now();
  const say = (line: string) => process.stdout.write(`${line}\n`);
  if (!(await ensureRedisServer(say))) process.exit(1);
  const stack = new LocalStack({
    root,
    dataDir,
    bases,
    isSingleDatabase,
    worker: options.worker ?? ((plan, stopped) => bundledWorker(options, plan, stopped, say)),
    say,
    ...(dataDir === defaultDataDir(root) ? { devVarsPath: join(root, ".dev.vars") } : {}),
  });
  const ended = endOnSignals(stack, say);
  say(`starting ${isSingleDatabase ? "one Redis" : "13 Redis servers"}, Postgres and the Worker …`);
  try {
    const file = await stack.start();
    say(stackSummary({ file, root, dataDir, tookMs: performance.now() - startedAtMs }));
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
    return;
  }
  await ended;
}

async function bundledWorker(
  { root, dataDir }: RunStackOptions,
  { around }: StackPlan,
  stopped: AbortSignal,
  say: (line: string) => void,
): Promise<ProcessPlan> {
  const bundle = await bundleWorker(root, dataDir, stopped);
  say(bundle.isCached ? "Worker: bundle of the last start" : "Worker: bundled");
  return workerPlan({ around, dataDir }, () => bundle.dir);
}

/** Resolves when a signal has stopped the stack. */
function endOnSignals(stack: LocalStack, say: (line: string) => void): Promise<void> {
  // A terminal that is gone must not keep the stack from stopping.
  process.stdout.on("error", () => undefined);
  process.stderr.on("error", () => undefined);
  return new Promise((resolve) => {
    const stop = onStopSignal(() => {
      say("\nstopping …");
      void stack.stop().then(() => {
        say("stopped; the data stays");
        resolve();
      });
    });
    whenLauncherGone(stop);
    process.on("uncaughtException", (error) => {
      process.stderr.write(`the supervisor failed: ${error.stack ?? error.message}\n`);
      process.exitCode = 1;
      stop();
    });
  });
}
