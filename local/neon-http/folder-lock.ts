/**
 * @module
 * One process a data folder. Two PGlite instances on one folder destroy it, and nothing in PGlite keeps
 * them apart.
 *
 * The lock is a socket that its holder listens on: the system closes it with the process, however that
 * ends, so there is no stale lock to guess about (a file with a process id would be one after `kill -9`).
 */
import { createHash } from "node:crypto";
import { realpath, unlink } from "node:fs/promises";
import { connect, createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

/** A predecessor that lost its supervisor takes up to a second to let go. */
const WAIT_MAX_MS = 3_000;
const RETRY_MS = 50;

export interface FolderLock {
  release(): Promise<void>;
}

/** Requires that the folder's parent exists. Rejects with a text for people while another holds it. */
export async function lockFolder(
  folder: string,
  waitMs: number = WAIT_MAX_MS,
): Promise<FolderLock> {
  const path = await socketPath(folder);
  const giveUpAtMs = performance.now() + waitMs;
  for (;;) {
    const server = await listen(path);
    if (server !== null) return { release: () => close(server) };
    if (!(await isHeld(path)) && (await isRemoved(path))) continue;
    if (performance.now() >= giveUpAtMs) {
      throw new Error(
        `${folder} is in use by another process. Stop that one, or give another folder with --data.`,
      );
    }
    await sleep(RETRY_MS);
  }
}

/** Short whatever the folder's path: sockets have room for about 100 bytes. */
async function socketPath(folder: string): Promise<string> {
  const real = join(await realpath(dirname(folder)), folder.slice(dirname(folder).length));
  const name = `neon-http-${createHash("sha256").update(real).digest("hex").slice(0, 24)}`;
  return process.platform === "win32" ? `\\\\.\\pipe\\${name}` : join(tmpdir(), `${name}.lock`);
}

/** `null` when something is there already. */
function listen(path: string): Promise<Server | null> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy());
    server.once("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "EADDRINUSE") resolve(null);
      else reject(error);
    });
    server.listen(path, () => resolve(server.unref()));
  });
}

function isHeld(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}

async function isRemoved(path: string): Promise<boolean> {
  try {
    await unlink(path);
    return true;
  } catch {
    return false;
  }
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()));
}
