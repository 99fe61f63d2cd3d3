/**
 * @module
 * The Worker itself in several processes on the same stores, as a deployment runs it: each process is a
 * workerd with isolates, objects and a clock of its own.
 */
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { type HostedWorker, hostWorker } from "../supervisor/hosted-worker.ts";
import { bundleWorker } from "../supervisor/worker-bundle.ts";

const ROOT = resolve(import.meta.dirname, "../..");

export interface WorkerProcess {
  /** Of its clock before the machine's. Default 0. */
  readonly aheadMs?: number;
  /** Beside the bindings that all have. */
  readonly bindings?: Readonly<Record<string, string>>;
}

export interface WorkerProcesses {
  readonly urls: readonly string[];
  stop(): Promise<void>;
}

export async function startWorkerProcesses(
  bindings: Readonly<Record<string, string>>,
  processes: readonly WorkerProcess[],
): Promise<WorkerProcesses> {
  await mkdir(join(ROOT, ".local"), { recursive: true });
  const dir = await mkdtemp(join(ROOT, ".local/worker-processes-"));
  const hosted: HostedWorker[] = [];
  const stop = async () => {
    await Promise.all(hosted.map((worker) => worker.stop()));
    await rm(dir, { recursive: true, force: true });
  };
  try {
    const bundle = await bundleWorker(ROOT, dir);
    for (const [which, { aheadMs = 0, bindings: own = {} }] of processes.entries()) {
      const bundleDir = join(dir, `bundle-${which}`);
      await cp(bundle.dir, bundleDir, { recursive: true });
      if (aheadMs !== 0) await shiftClock(join(bundleDir, "index.js"), aheadMs);
      const persistDir = join(dir, `state-${which}`);
      hosted.push(await hostWorker({ bundleDir, persistDir, bindings: { ...bindings, ...own } }));
    }
    return { urls: hosted.map(({ url }) => url), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function shiftClock(entry: string, aheadMs: number): Promise<void> {
  const code = await readFile(entry, "utf8");
  const shift = `Date.now = ((now) => () => now() + ${aheadMs})(Date.now);\n`;
  await writeFile(entry, shift + code);
}
