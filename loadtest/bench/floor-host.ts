/**
 * @module
 * The floor Worker in Miniflare, hosted by the very process that hosts the Worker in the local stack, on a
 * direct socket of its own and with the same stores.
 */
import { execFile, fork } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { StackFile } from "../../local/stack-file.ts";
import { QUIET_WRANGLER } from "../../local/supervisor/quiet-wrangler.ts";

const ROOT = join(dirname(fileURLToPath(import.meta.url)), "..", "..");
const WRANGLER = join(ROOT, "node_modules", "wrangler", "bin", "wrangler.js");
const CONFIG = join(ROOT, "loadtest", "floor", "wrangler.toml");
const SUPERVISOR = join(ROOT, "local", "supervisor");
const FLOOR_DIR = join(ROOT, ".local", "floor");

const BUILD_TIMEOUT_MS = 60_000;
const READY_TIMEOUT_MS = 30_000;

export interface Floor {
  readonly url: string;
  /** workerd. */
  readonly workerPid: number;
  stop(): Promise<void>;
}

/** Instance and tenant of the local stack's Worker and of its key: the floor uses the same data. */
const INSTANCE = "local";
const TENANT = "local";

export async function startFloor(stack: StackFile): Promise<Floor> {
  const bundleDir = join(FLOOR_DIR, "bundle");
  await bundle(bundleDir);
  const port = await freePort();
  const config = {
    bundleDir,
    persistDir: join(FLOOR_DIR, "state"),
    port,
    bindings: {
      INSTANCE,
      TENANT,
      UPSTASH_REDIS_REST_URL: stack.redis.main.url,
      UPSTASH_REDIS_REST_TOKEN: stack.redis.main.token,
    },
  };
  const child = fork(join(SUPERVISOR, "worker-host.ts"), {
    env: { ...process.env, ...QUIET_WRANGLER, WORKER_HOST: JSON.stringify(config) },
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  const exited = once(child, "exit");
  const notice = await Promise.race([
    once(child, "message", { signal: AbortSignal.timeout(READY_TIMEOUT_MS) }),
    exited.then(() => [{ type: "failed", message: "it exited" }]),
  ]);
  const ready: { type: string; workerPid?: number; message?: string } = notice[0];
  if (ready.type !== "ready") throw new Error(`The floor did not start: ${ready.message}`);
  return {
    url: `http://127.0.0.1:${port}`,
    workerPid: ready.workerPid ?? child.pid ?? 0,
    async stop() {
      child.kill("SIGTERM");
      await exited;
    },
  };
}

async function bundle(dir: string): Promise<void> {
  rmSync(dir, { recursive: true, force: true });
  mkdirSync(dir, { recursive: true });
  const run = (args: readonly string[]) =>
    promisify(execFile)(process.execPath, args, {
      cwd: ROOT,
      env: { ...process.env, ...QUIET_WRANGLER },
      timeout: BUILD_TIMEOUT_MS,
    });
  await Promise.all([
    run([WRANGLER, "deploy", "--config", CONFIG, "--dry-run", "--outdir", dir]),
    run([join(SUPERVISOR, "worker-options.ts"), CONFIG, join(dir, "options.json")]),
  ]);
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
