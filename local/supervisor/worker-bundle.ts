/**
 * @module
 * The Worker as `wrangler deploy` would upload it, made without network and kept until a source changes.
 *
 * `<data>/bundle/<hash of the sources>/` holds the modules and `options.json` (what `wrangler.toml` says, as
 * Miniflare takes it). Wrangler is heavy, so it runs in processes that exit; a start that finds the bundle
 * runs no wrangler at all.
 */
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { mkdir, readdir, rename, rm } from "node:fs/promises";
import { join, relative } from "node:path";
import { promisify } from "node:util";
import { QUIET_WRANGLER } from "./quiet-wrangler.ts";

export interface WorkerBundle {
  readonly dir: string;
  readonly isCached: boolean;
}

const SOURCE_DIRS = ["functions", "durable-objects", "shared"];
const SOURCE_FILES = ["wrangler.toml", "package-lock.json"];
const BUILD_TIMEOUT_MS = 60_000;
/** Changes when this module makes something else from the same sources. */
const FORMAT = "1";

/** Bundles the Worker of `root` into `<dataDir>/bundle`. Throws with what wrangler said. */
export async function bundleWorker(
  root: string,
  dataDir: string,
  stopped?: AbortSignal,
): Promise<WorkerBundle> {
  const bundlesDir = join(dataDir, "bundle");
  const dir = join(bundlesDir, sourcesHash(root));
  if (existsSync(join(dir, "options.json"))) return { dir, isCached: true };
  const draft = `${dir}.draft-${process.pid}`;
  await rm(draft, { recursive: true, force: true });
  await mkdir(draft, { recursive: true });
  const wrangler = join(root, "node_modules", "wrangler", "bin", "wrangler.js");
  const options = join(import.meta.dirname, "worker-options.ts");
  await Promise.all([
    run(root, stopped, [wrangler, "deploy", "--dry-run", "--outdir", draft]),
    run(root, stopped, [options, join(root, "wrangler.toml"), join(draft, "options.json")]),
  ]);
  for (const other of await readdir(bundlesDir)) {
    const path = join(bundlesDir, other);
    if (path !== draft) await rm(path, { recursive: true, force: true });
  }
  await rename(draft, dir);
  return { dir, isCached: false };
}

/** Of everything a bundle is made from: paths and contents. */
export function sourcesHash(root: string): string {
  const hash = createHash("sha256").update(FORMAT);
  const files = [
    ...SOURCE_DIRS.flatMap((dir) => filesUnder(join(root, dir))),
    ...SOURCE_FILES.map((file) => join(root, file)),
  ];
  for (const file of files.sort()) {
    if (!existsSync(file)) continue;
    const content = readFileSync(file);
    hash.update(`${relative(root, file)}\0${content.length}\0`).update(content);
  }
  return hash.digest("hex").slice(0, 32);
}

function filesUnder(dir: string): readonly string[] {
  if (!existsSync(dir)) return [];
  return readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !/\.test\.ts$|\.md$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name));
}

async function run(
  root: string,
  stopped: AbortSignal | undefined,
  args: readonly string[],
): Promise<void> {
  try {
    await promisify(execFile)(process.execPath, args, {
      cwd: root,
      env: { ...process.env, ...QUIET_WRANGLER },
      timeout: BUILD_TIMEOUT_MS,
      ...(stopped === undefined ? {} : { signal: stopped }),
    });
  } catch (error) {
    const { stdout = "", stderr = "" } = error as { stdout?: string; stderr?: string };
    throw new Error(
      `The Worker could not be bundled:\n${`${stdout}${stderr}`.trim() || String(error)}`,
    );
  }
}
