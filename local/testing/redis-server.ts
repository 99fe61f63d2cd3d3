/**
 * @module
 * A real redis-server for tests: its own port, its own folder, nothing on disk afterwards.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, connect as tcpConnect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

const READY_WITHIN_MS = 10_000;
const PROBE_EVERY_MS = 20;
const STARTS_MAX = 5;

export interface RedisServer {
  readonly port: number;
  readonly pid: number;
  /** Ends it as a crash would (SIGKILL), and waits for that; its folder stays. */
  kill(): Promise<void>;
  /** Ends it and removes its folder. May be called twice, and after `kill`. */
  stop(): Promise<void>;
}

export interface RedisServerOptions {
  /** Default: a free one. Give the port of one that was killed to start it again. */
  readonly port?: number;
  /** More lines of configuration, as on its command line: `["--requirepass", "x"]`. */
  readonly args?: readonly string[];
}

/** Returns once it answers. Rejects when redis-server is not installed or does not come up. */
export async function startRedisServer(options: RedisServerOptions = {}): Promise<RedisServer> {
  for (let start = 1; ; start += 1) {
    const port = options.port ?? (await freePort());
    try {
      return await startOn(port, options.args ?? []);
    } catch (error) {
      if (options.port !== undefined || start === STARTS_MAX) throw error;
    }
  }
}

async function startOn(port: number, args: readonly string[]): Promise<RedisServer> {
  const dir = await mkdtemp(join(tmpdir(), "redis-server-"));
  const quiet = ["--save", "", "--appendonly", "no", "--dir", dir, "--bind", "127.0.0.1"];
  const child = spawn("redis-server", ["--port", String(port), ...quiet, ...args], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let log = "";
  child.stdout?.on("data", (chunk: Buffer) => {
    log = `${log}${chunk.toString()}`.slice(-2_000);
  });
  const end = async (signal: NodeJS.Signals) => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exit = once(child, "exit");
    child.kill(signal);
    await exit;
  };
  const stop = async () => {
    await end("SIGKILL");
    await rm(dir, { recursive: true, force: true });
  };
  try {
    await Promise.race([answers(port), failure(child, () => log)]);
  } catch (error) {
    if (child.pid !== undefined) await end("SIGKILL");
    await rm(dir, { recursive: true, force: true });
    throw error;
  }
  return { port, pid: child.pid ?? 0, kill: () => end("SIGKILL"), stop };
}

function failure(child: ChildProcess, log: () => string): Promise<never> {
  return new Promise((_, reject) => {
    child.once("error", () => {
      reject(new Error("redis-server is not installed: apt-get install redis-server"));
    });
    child.once("exit", () => reject(new Error(`redis-server ended: ${log().trim()}`)));
  });
}

async function answers(port: number): Promise<void> {
  const deadline = Date.now() + READY_WITHIN_MS;
  while (Date.now() < deadline) {
    if (await pongs(port)) return;
    await sleep(PROBE_EVERY_MS);
  }
  throw new Error(`redis-server did not answer on port ${port} within ${READY_WITHIN_MS} ms`);
}

/** Any whole RESP reply will do: a server with a password answers NOAUTH. */
function pongs(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = tcpConnect(port, "127.0.0.1", () => socket.write("PING\r\n"));
    const done = (up: boolean) => {
      socket.destroy();
      resolve(up);
    };
    socket.once("data", (reply) => done(/^(\+PONG|-NOAUTH)/.test(reply.toString())));
    socket.once("error", () => done(false));
    socket.once("close", () => done(false));
  });
}

async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("no TCP port is free");
  return address.port;
}
