/**
 * @module
 * A Worker bundle in a process of its own, outside of a stack: for the bench's floor, and for tests that
 * need more than one Worker.
 */
import { fork } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { join } from "node:path";
import { QUIET_WRANGLER } from "./quiet-wrangler.ts";
import type { WorkerHostConfig } from "./worker-host.ts";

const READY_TIMEOUT_MS = 30_000;

export interface HostedWorker {
  readonly url: string;
  /** workerd. */
  readonly workerPid: number;
  stop(): Promise<void>;
}

/** Starts it on a free port. Throws with what it said when it does not start. */
export async function hostWorker(config: Omit<WorkerHostConfig, "port">): Promise<HostedWorker> {
  const port = await freePort();
  const child = fork(join(import.meta.dirname, "worker-host.ts"), {
    env: {
      ...process.env,
      ...QUIET_WRANGLER,
      WORKER_HOST: JSON.stringify({ ...config, port } satisfies WorkerHostConfig),
    },
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  const exited = once(child, "exit");
  const stop = async () => {
    child.kill("SIGTERM");
    await exited;
  };
  try {
    const notice = await Promise.race([
      once(child, "message", { signal: AbortSignal.timeout(READY_TIMEOUT_MS) }),
      exited.then(() => [{ type: "failed", message: "it exited" }]),
    ]);
    const ready: { type: string; workerPid?: number; message?: string } = notice[0];
    if (ready.type !== "ready") throw new Error(`The Worker did not start: ${ready.message}`);
    const url = `http://127.0.0.1:${port}`;
    return { url, workerPid: ready.workerPid ?? child.pid ?? 0, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      const port = typeof address === "object" && address !== null ? address.port : 0;
      server.close(() => resolve(port));
    });
  });
}
