/**
 * @module
 * A Postgres server of a test's own, from the binaries that Debian installs; there need be none.
 */
import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { chown, mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

const DEBIAN_FOLDER = "/usr/lib/postgresql";
const START_TIMEOUT_MS = 30_000;
const POLL_MS = 50;

export interface TemporaryPostgres {
  /** Trusts everybody on loopback. */
  readonly connectionString: string;
  /** Ends it at once, as a crash would. The data stays for `start`. */
  kill(): Promise<void>;
  start(): Promise<void>;
  /** Stops it and removes its data. */
  dispose(): Promise<void>;
}

/** Where `initdb` and `postgres` of the newest version are; `null` when they are not installed. */
export function postgresBinaries(): string | null {
  if (!existsSync(DEBIAN_FOLDER)) return null;
  const versions = readdirSync(DEBIAN_FOLDER).sort((a, b) => Number(b) - Number(a));
  const folders = versions.map((version) => join(DEBIAN_FOLDER, version, "bin"));
  return folders.find((folder) => existsSync(join(folder, "initdb"))) ?? null;
}

export async function temporaryPostgres(binaries: string): Promise<TemporaryPostgres> {
  const owner = serverUser();
  const parent = await mkdtemp(join(tmpdir(), "neon-http-"));
  const data = join(parent, "data");
  if (owner !== null) await chown(parent, owner.uid, owner.gid);
  const options = { stdio: "ignore", cwd: parent, ...owner } as const;
  execFileSync(
    join(binaries, "initdb"),
    ["-D", data, "-U", "postgres", "--auth=trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"],
    options,
  );
  const port = await freePort();
  let server: ChildProcess | null = null;
  const start = async () => {
    const settings = ["listen_addresses=127.0.0.1", `port=${port}`, "fsync=off", "timezone=UTC"];
    const args = ["-D", data, "-k", parent, ...settings.flatMap((setting) => ["-c", setting])];
    server = spawn(join(binaries, "postgres"), args, options);
    await untilReady(join(binaries, "pg_isready"), port);
  };
  const stop = async (signal: "SIGINT" | "SIGQUIT") => {
    const ending = server;
    if (ending === null || ending.exitCode !== null) return;
    const ended = new Promise((resolve) => ending.once("exit", resolve));
    ending.kill(signal);
    await ended;
  };
  await start();
  return {
    connectionString: `postgres://postgres@127.0.0.1:${port}/postgres`,
    kill: () => stop("SIGQUIT"),
    start,
    dispose: async () => {
      await stop("SIGINT");
      await rm(parent, { recursive: true, force: true });
    },
  };
}

async function untilReady(pgIsReady: string, port: number): Promise<void> {
  const giveUpAtMs = performance.now() + START_TIMEOUT_MS;
  for (;;) {
    const args = ["-h", "127.0.0.1", "-p", `${port}`];
    if (spawnSync(pgIsReady, args, { stdio: "ignore" }).status === 0) return;
    if (performance.now() > giveUpAtMs) throw new Error("Postgres did not start");
    await sleep(POLL_MS);
  }
}

/** Postgres refuses to run as root; `null` means as whoever runs this. */
function serverUser(): { readonly uid: number; readonly gid: number } | null {
  if (userInfo().uid !== 0) return null;
  const id = (option: string) =>
    Number(execFileSync("id", [option, "postgres"], { encoding: "utf8" }));
  return { uid: id("-u"), gid: id("-g") };
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address ? address.port : 0));
    });
  });
}
