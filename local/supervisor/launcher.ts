/**
 * @module
 * Is the npm that started this process still there? A signal that is sent to npm alone ends npm and the shell
 * between, but never reaches us: without this the stack would go on with nobody to stop it.
 *
 * A process that was not started by npm is its starter's to look after: it may well outlive a shell.
 */
import { readFileSync } from "node:fs";
import { parentOf } from "./process-identity.ts";

const LOOK_EVERY_MS = 300;

/** Calls back once, when npm or the shell that it started us with is gone. */
export function whenLauncherGone(gone: () => void): void {
  const { npm_lifecycle_event: script } = process.env;
  if (script === undefined) return;
  const launcher = process.ppid;
  const above = isCommandShell(launcher) ? parentOf(launcher) : null;
  const timer = setInterval(() => {
    if (process.ppid === launcher && (above === null || parentOf(launcher) === above)) return;
    clearInterval(timer);
    gone();
  }, LOOK_EVERY_MS);
  timer.unref();
}

/** Whether it is `sh -c …`, which npm puts between itself and a script; known on Linux only. */
function isCommandShell(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0")[1] === "-c";
  } catch {
    return false;
  }
}
