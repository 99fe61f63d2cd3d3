/**
 * @module
 * Where and with what a run was made. Versions and counts only: no path, no user, no host name.
 */
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { cpus, release, totalmem, type } from "node:os";
import { dirname, join } from "node:path";
import { performance } from "node:perf_hooks";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { hash32 } from "../protocol/random.ts";
import type { Fingerprint } from "../run-file/schema.ts";
import { busyPart, cpuTicks } from "../sampler/limits.ts";

const ROOT = join(dirname(fileURLToPath(import.meta.url)), "..", "..");

/** Whose versions decide what was measured. */
const PACKAGES = [
  "workerd",
  "miniflare",
  "wrangler",
  "hono",
  "@upstash/redis",
  "@neondatabase/serverless",
  "@electric-sql/pglite",
];

const CALIBRATION_ROUNDS = 5;
const CALIBRATION_HASHES = 5_000_000;
const BUSY_WINDOW_MS = 1_000;

export async function fingerprint(k6Version: string): Promise<Fingerprint> {
  const busyBefore = await busyMachine();
  const [commit, status, redis] = await Promise.all([
    output("git", ["rev-parse", "HEAD"]),
    output("git", ["status", "--porcelain"]),
    output("redis-server", ["--version"]),
  ]);
  const processors = cpus();
  return {
    commit,
    dirty: status !== "" && status !== null,
    lockfileSha256: lockfileHash(),
    versions: {
      node: process.versions.node,
      k6: k6Version,
      ...versionEntry("redis-server", /v=(\S+)/.exec(redis ?? "")?.[1]),
      ...Object.assign({}, ...PACKAGES.map((name) => versionEntry(name, packageVersion(name)))),
    },
    os: type(),
    kernel: release(),
    cpuModel: processors[0]?.model.trim() ?? "unknown",
    cpus: processors.length,
    memoryMib: Math.round(totalmem() / 1_024 / 1_024),
    calibrationMs: calibrate(),
    busyBefore,
  };
}

/** Milliseconds of a fixed loop of integer arithmetic, the best of several rounds. */
function calibrate(): number {
  let bestMs = Number.POSITIVE_INFINITY;
  let mixed = 1;
  for (let round = 0; round < CALIBRATION_ROUNDS; round += 1) {
    const startMs = performance.now();
    for (let step = 0; step < CALIBRATION_HASHES; step += 1) mixed = hash32(mixed, step);
    bestMs = Math.min(bestMs, performance.now() - startMs);
  }
  // The result is used, so that the loop cannot be optimized away.
  return Math.round((bestMs + (mixed === -1 ? 1 : 0)) * 10) / 10;
}

async function busyMachine(): Promise<number | null> {
  const before = cpuTicks(null);
  await new Promise((resolve) => setTimeout(resolve, BUSY_WINDOW_MS));
  const busy = busyPart(before, cpuTicks(null));
  return busy === null ? null : Math.round(busy * 1_000) / 1_000;
}

const versionEntry = (name: string, version: string | null | undefined): Record<string, string> =>
  version ? { [name]: version } : {};

function packageVersion(name: string): string | null {
  try {
    const manifest: { readonly version?: unknown } = JSON.parse(
      readFileSync(join(ROOT, "node_modules", name, "package.json"), "utf8"),
    );
    return typeof manifest.version === "string" ? manifest.version : null;
  } catch {
    return null;
  }
}

function lockfileHash(): string | null {
  try {
    return createHash("sha256")
      .update(readFileSync(join(ROOT, "package-lock.json")))
      .digest("hex");
  } catch {
    return null;
  }
}

async function output(command: string, args: readonly string[]): Promise<string | null> {
  try {
    const { stdout } = await promisify(execFile)(command, [...args], { cwd: ROOT });
    return stdout.trim();
  } catch {
    return null;
  }
}
