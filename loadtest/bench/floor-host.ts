/**
 * @module
 * The floor Worker in Miniflare, hosted by the very process that hosts the Worker in the local stack, on a
 * direct socket of its own and with the same stores.
 */
import { execFile } from "node:child_process";
import { mkdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { StackFile } from "../../local/stack-file.ts";
import { type HostedWorker, hostWorker } from "../../local/supervisor/hosted-worker.ts";
import { QUIET_WRANGLER } from "../../local/supervisor/quiet-wrangler.ts";

const ROOT = join(dirname(fileURLToPath(import.meta.url)), "..", "..");
const WRANGLER = join(ROOT, "node_modules", "wrangler", "bin", "wrangler.js");
const CONFIG = join(ROOT, "loadtest", "floor", "wrangler.toml");
const SUPERVISOR = join(ROOT, "local", "supervisor");
const FLOOR_DIR = join(ROOT, ".local", "floor");

const BUILD_TIMEOUT_MS = 60_000;

/** Instance and tenant of the local stack's Worker and of its key: the floor uses the same data. */
const INSTANCE = "local";
const TENANT = "local";

export async function startFloor(stack: StackFile): Promise<HostedWorker> {
  const bundleDir = join(FLOOR_DIR, "bundle");
  await bundle(bundleDir);
  return await hostWorker({
    bundleDir,
    persistDir: join(FLOOR_DIR, "state"),
    bindings: {
      INSTANCE,
      TENANT,
      UPSTASH_REDIS_REST_URL: stack.redis.main.url,
      UPSTASH_REDIS_REST_TOKEN: stack.redis.main.token,
    },
  });
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
