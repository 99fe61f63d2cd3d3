/**
 * @module
 * Makes PGlite's data folder, in a child process that exits: the process that runs initdb stays 470 MB
 * larger for the rest of its life.
 *
 * Invariants:
 *
 * 1. A folder appears at its path only when it is complete: initdb works in `<folder>.partial`, which is
 *    renamed at the end. Whatever kills it half-way, the next call starts again.
 * 2. A folder that holds a database, or somebody else's files, is never changed or removed.
 */
import { spawn } from "node:child_process";
import { mkdir, readdir, rename, rm } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { lockFolder } from "./folder-lock.ts";

/** initdb takes 3 s; a machine at its limits is given a while. */
const CREATE_TIMEOUT_MS = 120_000;
const STDERR_MAX_CHARS = 2_000;

/** `absent`: nothing there, or an empty folder. `incomplete`: what a killed initdb leaves behind. */
export type FolderState = "absent" | "incomplete" | "complete" | "foreign";

export type Created = "found" | "created" | "recreated";

/** Safe to repeat, and to call from several processes at once. Rejects with a text for people. */
export async function createPgliteFolder(folder: string): Promise<Created> {
  const path = resolve(folder);
  if ((await folderState(path)) === "complete") return "found";
  await mkdir(dirname(path), { recursive: true });
  const lock = await lockFolder(path, CREATE_TIMEOUT_MS);
  try {
    return await createInLockedFolder(path);
  } finally {
    await lock.release();
  }
}

/** The same for a caller that holds the folder's lock. `path` is absolute and its parent exists. */
export async function createInLockedFolder(path: string): Promise<Created> {
  const state = await folderState(path);
  if (state === "complete") return "found";
  if (state === "foreign") {
    throw new Error(
      `${path} is not empty and holds no Postgres data. Give another folder with --data, or empty it.`,
    );
  }
  const partial = `${path}.partial`;
  const wasInterrupted = (await folderState(partial)) !== "absent" || state === "incomplete";
  await rm(partial, { recursive: true, force: true });
  await runInitdb(partial);
  await rm(path, { recursive: true, force: true });
  await rename(partial, path);
  return wasInterrupted ? "recreated" : "created";
}

export async function folderState(path: string): Promise<FolderState> {
  const names = await namesIn(path);
  if (names.length === 0) return "absent";
  const hasControlFile = (await namesIn(join(path, "global"))).includes("pg_control");
  if (names.includes("PG_VERSION") && hasControlFile) return "complete";
  return names.every((name) => INITDB_NAMES.test(name)) ? "incomplete" : "foreign";
}

/** Top-level names of a data folder; anything else is somebody's. */
const INITDB_NAMES =
  /^(PG_VERSION|base|global|pg_\w+(\.conf)?|postgresql(\.auto)?\.conf|postmaster\.\w+)$/;

async function namesIn(path: string): Promise<readonly string[]> {
  try {
    return await readdir(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw new Error(`${path} is not a folder that can be read; give another one with --data.`, {
      cause: error,
    });
  }
}

function runInitdb(path: string): Promise<void> {
  const script = fileURLToPath(new URL("./pglite-initdb.ts", import.meta.url));
  // initdb runs once: the optimising compiler costs it more than it gains (4.0 s of CPU instead of 5.7 s).
  const child = spawn(process.execPath, ["--liftoff-only", script, path], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr = (stderr + text).slice(-STDERR_MAX_CHARS);
  });
  const endChild = () => child.kill("SIGKILL");
  process.once("exit", endChild);
  const timer = setTimeout(endChild, CREATE_TIMEOUT_MS);
  return new Promise((done, fail) => {
    child.once("error", fail);
    child.once("close", (code, signal) => {
      clearTimeout(timer);
      process.off("exit", endChild);
      if (code === 0) done();
      else fail(new Error(`initdb ended with ${signal ?? `code ${code}`}: ${stderr.trim()}`));
    });
  });
}
