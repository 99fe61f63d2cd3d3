import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis } from "ioredis";
import { describe, it, onTestFinished } from "vitest";
import { ManagedProcess } from "./managed-process.ts";
import { isLinked, redisConfig, redisPlan } from "./redis-process.ts";
import type { RedisNode } from "./topology.ts";

const PATIENCE = new AbortController().signal;

function folder(): string {
  const dir = mkdtempSync(join(tmpdir(), "redis process "));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

async function node(more: Partial<RedisNode> = {}): Promise<RedisNode> {
  const respPort = await freePort();
  return {
    id: "main",
    role: "main",
    respPort,
    httpPort: 0,
    fsync: "always",
    replication: null,
    ...more,
  };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === "object" && address !== null ? address.port : 0;
}

async function started(redisNode: RedisNode, redisDir: string): Promise<ManagedProcess> {
  const plan = redisPlan({
    node: redisNode,
    redisDir,
    password: "secret",
    primaryPassword: "secret",
  });
  const made = new ManagedProcess(plan, () => undefined);
  onTestFinished(() => made.stop());
  await made.start();
  return made;
}

function client({ respPort }: RedisNode): Redis {
  const redis = new Redis({ port: respPort, host: "127.0.0.1", password: "secret" });
  // It is killed on purpose; the client connects again by itself.
  redis.on("error", () => undefined);
  onTestFinished(() => redis.disconnect());
  return redis;
}

describe("a redis-server of the stack", () => {
  it("keeps an acknowledged write through a kill, and is empty after a wipe", async ({
    expect,
  }) => {
    const dir = folder();
    const one = await node();
    const server = await started(one, dir);
    const redis = client(one);
    expect(await redis.set("k", "v")).toBe("OK");
    await server.kill({ isHeld: true });
    await server.start();
    expect(await redis.get("k")).toBe("v");
    await server.wipe();
    expect(await redis.get("k")).toBeNull();
  });

  it("refuses a client without the password, which only its owner can read", async ({ expect }) => {
    const dir = folder();
    const one = await node();
    await started(one, dir);
    const stranger = new Redis({ port: one.respPort, host: "127.0.0.1", lazyConnect: true });
    stranger.on("error", () => undefined);
    onTestFinished(() => stranger.disconnect());
    await expect(stranger.get("k")).rejects.toThrow("NOAUTH");
    expect(statSync(join(dir, "main", "redis.conf")).mode & 0o777).toBe(0o600);
    expect(statSync(join(dir, "main")).mode & 0o077).toBe(0);
    expect(existsSync(join(dir, "main", "redis.log"))).toBe(true);
  });

  it("follows its primary", async ({ expect }) => {
    const dir = folder();
    const primary = await node({ id: "p" });
    const replication = {
      primaryId: "p",
      primaryPort: primary.respPort,
      relayPort: primary.respPort,
    };
    const replica = await node({ id: "r", role: "replica", replication });
    await started(primary, dir);
    expect(await isLinked(primary.respPort, "secret", PATIENCE)).toBe(false);
    await started(replica, dir);
    await expect
      .poll(() => isLinked(replica.respPort, "secret", PATIENCE), { timeout: 5000 })
      .toBe(true);
    await client(primary).set("k", "v");
    await expect.poll(() => client(replica).get("k")).toBe("v");
    expect(readFileSync(join(dir, "r", "redis.log"), "utf8")).not.toContain("secret");
  });

  it("is asked no longer than the caller has time", async ({ expect }) => {
    const silent = createServer((socket) => void socket.on("error", () => undefined));
    await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void silent.close());
    const hurry = new AbortController();
    const linked = isLinked((silent.address() as AddressInfo).port, "secret", hurry.signal);
    await once(silent, "connection");
    hurry.abort();
    expect(await linked).toBe(false);
  });
});

describe("redis.conf", () => {
  it("quotes what people may put into a path", async ({ expect }) => {
    const settings = { node: await node(), redisDir: "", password: "p", primaryPassword: null };
    expect(redisConfig(settings, 'a "b"\\c')).toContain('dir "a \\"b\\"\\\\c/data"');
  });
});
