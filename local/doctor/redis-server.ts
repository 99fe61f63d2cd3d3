/**
 * @module
 * The one program that the stack and its tests need beside npm's: a redis-server, 7.0 or newer.
 */
import { install, redisInstallation } from "./package-manager.ts";
import { findProgram, isAtLeast, programVersion } from "./programs.ts";

export type RedisState =
  | { readonly kind: "fine"; readonly detail: string }
  /** `mend` says what to do. */
  | { readonly kind: "missing"; readonly detail: string; readonly mend: string };

const MAJOR_MIN = 7;
const DOWNLOADS =
  "install Redis 7.0 or newer: https://redis.io/docs/latest/operate/oss_and_stack/install/";

export async function redisState(): Promise<RedisState> {
  const mend = redisInstallation(isRoot())?.text ?? DOWNLOADS;
  const path = findProgram("redis-server");
  if (path === null) return { kind: "missing", detail: "redis-server is not installed", mend };
  const version = await programVersion(path, ["--version"]);
  if (version === null) return { kind: "missing", detail: `${path} does not run`, mend };
  if (isAtLeast(version, MAJOR_MIN, 0)) return { kind: "fine", detail: `${version.text}, ${path}` };
  return {
    kind: "missing",
    detail: `${path} is ${version.text}; ${MAJOR_MIN}.0 or newer is needed`,
    mend: DOWNLOADS,
  };
}

/**
 * Sees to it that there is a redis-server: installs it where the system's package manager may be used without
 * asking, and says so; else says what to do. Returns whether there is one now.
 */
export async function ensureRedisServer(say: (line: string) => void): Promise<boolean> {
  const state = await redisState();
  if (state.kind === "fine") return true;
  const installation = findProgram("redis-server") === null ? redisInstallation(isRoot()) : null;
  if (installation !== null && installation.commands.length > 0) {
    say(`redis-server is not installed; installing it: ${installation.text}`);
    const isInstalled = await install(installation);
    const after = await redisState();
    if (isInstalled && after.kind === "fine") {
      say(`redis-server is installed: ${after.detail}`);
      return true;
    }
    say("That did not work; its output is above.");
  }
  process.stderr.write(`${state.detail}. To mend it:\n  ${state.mend}\n`);
  return false;
}

function isRoot(): boolean {
  return process.getuid?.() === 0;
}
