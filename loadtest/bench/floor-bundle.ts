/**
 * @module
 * The floor Worker, bundled as the Worker is.
 */
import { execFile } from "node:child_process";
import { mkdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { QUIET_WRANGLER } from "../../local/supervisor/quiet-wrangler.ts";

export const ROOT = join(dirname(fileURLToPath(import.meta.url)), "..", "..");
export const BENCH_DIR = join(ROOT, ".local", "bench");

/** Of the local stack's Worker and of its key: all that the bench runs uses the same data. */
export const INSTANCE = "local";
export const TENANT = "local";

const WRANGLER = join(ROOT, "node_modules", "wrangler", "bin", "wrangler.js");
const CONFIG = join(ROOT, "loadtest", "floor", "wrangler.toml");
const WORKER_OPTIONS = join(ROOT, "local", "supervisor", "worker-options.ts");

const BUILD_TIMEOUT_MS = 60_000;

/** Gives the folder it is in. */
export async function floorBundle(): Promise<string> {
  const dir = join(BENCH_DIR, "floor-bundle");
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
    run([WORKER_OPTIONS, CONFIG, join(dir, "options.json")]),
  ]);
  return dir;
}
