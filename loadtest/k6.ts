/**
 * @module
 * Where k6 is. It is no npm package: it is found on PATH, or in `.local/bin`, or built there from its Go
 * module; where neither works, the message is the platform's own install command.
 */
import { execFile, spawn } from "node:child_process";
import { mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { RunStoppedError, throwIfStopped } from "./stopping.ts";

const run = promisify(execFile);

const K6_MODULE = "go.k6.io/k6@v1.8.1";
const K6_MAJORS: readonly number[] = [1, 2];
const GO_MINIMUM: readonly [major: number, minor: number] = [1, 25];
const PROGRESS_INTERVAL_MS = 10_000;

const BIN_DIR = join(dirname(fileURLToPath(import.meta.url)), "..", ".local", "bin");

export interface K6 {
  readonly path: string;
  readonly version: string;
}

/** There is no k6 and it cannot be built here; the message says what to do. */
export class K6MissingError extends Error {
  override readonly name = "K6MissingError";
}

/** Finds k6 or builds it (two minutes, once), telling `say` what it does. Aborting ends the build. */
export async function k6(say: (line: string) => void, signal: AbortSignal): Promise<K6> {
  const local = join(BIN_DIR, process.platform === "win32" ? "k6.exe" : "k6");
  for (const path of ["k6", local]) {
    const version = await versionOf(path);
    if (version !== null) return { path, version };
  }
  const go = await goVersion();
  if (go === null) throw new K6MissingError(installAdvice("Go is not installed"));
  if (!isRecentGo(go)) {
    throw new K6MissingError(installAdvice(`Go ${go} is older than ${GO_MINIMUM.join(".")}`));
  }
  await build(say, signal);
  const version = await versionOf(local);
  if (version === null)
    throw new K6MissingError(installAdvice("the k6 that was built does not run"));
  return { path: local, version };
}

/** The version of a k6 that the journeys run on, else `null`. */
async function versionOf(path: string): Promise<string | null> {
  try {
    const { stdout } = await run(path, ["version"], { timeout: 20_000 });
    return parseK6Version(stdout);
  } catch {
    return null;
  }
}

/** `k6 v1.8.1 (go1.26.8, linux/amd64)` -> `1.8.1`; `null` for any major but the supported ones. */
export function parseK6Version(text: string): string | null {
  const [, version, major] = /\bk6(?:\.exe)? v((\d+)\.\d+\.\d+\S*)/.exec(text) ?? [];
  return version !== undefined && K6_MAJORS.includes(Number(major)) ? version : null;
}

async function goVersion(): Promise<string | null> {
  try {
    const { stdout } = await run("go", ["env", "GOVERSION"], { timeout: 20_000 });
    return stdout.trim().replace(/^go/, "") || null;
  } catch {
    return null;
  }
}

export function isRecentGo(version: string): boolean {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const [leastMajor, leastMinor] = GO_MINIMUM;
  return major > leastMajor || (major === leastMajor && minor >= leastMinor);
}

async function build(say: (line: string) => void, signal: AbortSignal): Promise<void> {
  throwIfStopped(signal);
  say(`k6 is not installed; building ${K6_MODULE} into .local/bin (about two minutes, once)`);
  mkdirSync(BIN_DIR, { recursive: true });
  const startMs = Date.now();
  const progress = setInterval(() => {
    say(`  still building k6, ${Math.round((Date.now() - startMs) / 1_000)} s`);
  }, PROGRESS_INTERVAL_MS);
  try {
    await new Promise<void>((resolve, reject) => {
      const child = spawn("go", ["install", K6_MODULE], {
        env: { ...process.env, GOBIN: BIN_DIR, GOFLAGS: "" },
        stdio: ["ignore", "ignore", "inherit"],
        signal,
      });
      child.on("error", (error) => reject(signal.aborted ? new RunStoppedError() : error));
      child.on("exit", (code) => {
        if (code === 0) resolve();
        else reject(new K6MissingError(installAdvice(`"go install ${K6_MODULE}" failed`)));
      });
    });
  } finally {
    clearInterval(progress);
  }
  say(`k6 is built (${Math.round((Date.now() - startMs) / 1_000)} s)`);
}

export function installAdvice(why: string, platform: string = process.platform): string {
  const command =
    {
      darwin: "brew install k6",
      win32: "winget install k6 --source winget",
    }[platform] ??
    "see https://grafana.com/docs/k6/latest/set-up/install-k6/ (Debian and Fedora packages), or install Go 1.25 and run this again";
  return `k6 1.x or 2.x is needed and cannot be built here: ${why}.\nInstall it: ${command}`;
}
