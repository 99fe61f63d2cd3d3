/**
 * @module
 * How a redis-server of the stack is configured, started, and known to serve.
 *
 * 1. Its configuration is a file (mode 0600): a password on a command line can be read by every user.
 * 2. It keeps everything it was told in an append-only file, so a kill loses at most what `fsync` says.
 */
import { mkdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { ProcessPlan } from "./managed-process.ts";
import type { RedisNode } from "./topology.ts";

const STOP_GRACE_MS = 2500;
const PROBE_EVERY_MS = 20;
/** A log that has grown past this is begun anew at the next start of the stack. */
const LOG_MAX_BYTES = 1024 * 1024;

export interface RedisSettings {
  readonly node: RedisNode;
  /** Holds `<id>/redis.conf`, `<id>/redis.log` and `<id>/data`. */
  readonly redisDir: string;
  /** Password of the node, and of its primary where it is a replica. */
  readonly password: string;
  readonly primaryPassword: string | null;
}

export function redisPlan(settings: RedisSettings): ProcessPlan {
  const { node, redisDir, password } = settings;
  const dir = join(redisDir, node.id);
  const dataDir = join(dir, "data");
  const configFile = join(dir, "redis.conf");
  dropLongLog(join(dir, "redis.log"));
  return {
    id: node.id,
    kind: "redis",
    stopGraceMs: STOP_GRACE_MS,
    launch: () => {
      mkdirSync(dataDir, { recursive: true, mode: 0o700 });
      rmSync(configFile, { force: true });
      writeFileSync(configFile, redisConfig(settings, dir), { mode: 0o600 });
      return {
        command: "redis-server",
        args: [configFile],
        hasChannel: false,
        untilReady: (gone) => untilServes(node.respPort, password, gone),
      };
    },
    wipe: () => rm(dataDir, { recursive: true, force: true }),
  };
}

/** redis.conf of Redis 7.0. */
export function redisConfig(
  { node, password, primaryPassword }: RedisSettings,
  dir: string,
): string {
  const lines: [string, ...string[]][] = [
    ["port", String(node.respPort)],
    ["bind", "127.0.0.1"],
    ["requirepass", password],
    ["dir", join(dir, "data")],
    ["logfile", join(dir, "redis.log")],
    ["daemonize", "no"],
    ["databases", "1"],
    ["save", ""],
    ["appendonly", "yes"],
    ["appendfsync", node.fsync],
    ["maxmemory-policy", "noeviction"],
    ["repl-diskless-sync-delay", "0"],
  ];
  if (node.replication !== null) {
    lines.push(["replicaof", "127.0.0.1", String(node.replication.relayPort)]);
    lines.push(["masterauth", primaryPassword ?? ""]);
  }
  return `${lines.map(([name, ...values]) => [name, ...values.map(quoted)].join(" ")).join("\n")}\n`;
}

/** Resolves once it answers: it listens before it has read its data back. */
async function untilServes(port: number, password: string, gone: AbortSignal): Promise<void> {
  while (!gone.aborted) {
    if ((await askOnce({ port, password, gone }, "PING")).startsWith("+PONG")) return;
    await sleep(PROBE_EVERY_MS);
  }
}

/** Whether the replica has its primary's data and follows it now; false when it has not said so by `gone`. */
export async function isLinked(
  port: number,
  password: string,
  gone: AbortSignal,
): Promise<boolean> {
  const said = await askOnce({ port, password, gone }, "INFO replication");
  return said.includes("master_link_status:up");
}

/** The reply to one command as it comes off the wire; empty when there is none. */
function askOnce(
  {
    port,
    password,
    gone,
  }: { readonly port: number; readonly password: string; readonly gone: AbortSignal },
  command: string,
): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: "127.0.0.1", signal: gone }, () => {
      socket.write(`AUTH ${password}\r\n${command}\r\nQUIT\r\n`);
    });
    let replies = "";
    socket.setEncoding("utf8");
    socket.on("data", (chunk: string) => {
      replies += chunk;
    });
    socket.on("error", () => undefined);
    socket.on("close", () => resolve(replies.startsWith("+OK\r\n") ? replies.slice(5) : ""));
  });
}

function quoted(value: string): string {
  return `"${value.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
}

function dropLongLog(path: string): void {
  const sizeBytes = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  if (sizeBytes > LOG_MAX_BYTES) rmSync(path);
}
