import { Redis } from "ioredis";
import { describe, it, onTestFinished } from "vitest";
import { startRedisServer } from "../testing/redis-server.ts";
import { startReplicationRelay } from "./replication-relay.ts";

/** A primary and its replica with a relay between them, in sync. */
async function laggingPair() {
  let delayMs = 0;
  const primary = await startRedisServer({ args: ["--repl-diskless-sync-delay", "0"] });
  onTestFinished(() => primary.stop());
  const relay = await startReplicationRelay({
    port: 0,
    primary: { host: "127.0.0.1", port: primary.port },
    delayMs: () => delayMs,
  });
  onTestFinished(() => relay.close());
  const replica = await startRedisServer({ args: ["--replicaof", "127.0.0.1", `${relay.port}`] });
  onTestFinished(() => replica.stop());
  const writer = new Redis(primary.port);
  const reader = new Redis(replica.port);
  onTestFinished(() => writer.disconnect());
  onTestFinished(() => reader.disconnect());
  await writer.set("seed", "planted");
  const sees = async (key: string, value: string) => {
    while ((await reader.get(key)) !== value) await new Promise((next) => setImmediate(next));
    return performance.now();
  };
  await sees("seed", "planted");
  return {
    primary,
    writer,
    reader,
    sees,
    lag: (ms: number) => {
      delayMs = ms;
    },
  };
}

describe("startReplicationRelay", () => {
  it("replicates without delay when there is none", async ({ expect }) => {
    const { writer, sees } = await laggingPair();
    const wroteMs = performance.now();
    await writer.set("k", "1");
    expect((await sees("k", "1")) - wroteMs).toBeLessThan(500);
  });

  it("keeps the replica's data as old as the delay", async ({ expect }) => {
    const { writer, reader, sees, lag } = await laggingPair();
    lag(400);
    await writer.set("k", "old");
    await sees("k", "old");
    const wroteMs = performance.now();
    await writer.set("k", "new");
    expect(await reader.get("k")).toBe("old");
    expect((await sees("k", "new")) - wroteMs).toBeGreaterThanOrEqual(399);
  });

  it("keeps the order of writes through a lag that changes", async ({ expect }) => {
    const { writer, reader, sees, lag } = await laggingPair();
    for (let n = 1; n <= 300; n += 1) {
      lag(n % 3 === 0 ? 30 : 0);
      await writer.rpush("list", n);
    }
    await writer.set("done", "1");
    await sees("done", "1");
    expect(await reader.lrange("list", 0, -1)).toEqual(
      Array.from({ length: 300 }, (_, index) => String(index + 1)),
    );
  });

  it("catches up at once when the lag ends", async ({ expect }) => {
    const { writer, reader, sees, lag } = await laggingPair();
    lag(60_000);
    await writer.set("k", "1");
    expect(await reader.get("k")).toBeNull();
    lag(0);
    const endedMs = performance.now();
    expect((await sees("k", "1")) - endedMs).toBeLessThan(1_000);
  });

  it("loses what it held back when the primary dies", async ({ expect }) => {
    const { primary, writer, reader, lag } = await laggingPair();
    lag(60_000);
    await writer.set("k", "1");
    await primary.kill();
    lag(0);
    const linkIsUp = async () => (await reader.info("replication")).includes("link_status:up");
    while (await linkIsUp()) await new Promise((next) => setImmediate(next));
    expect(await reader.get("k")).toBeNull();
  });
});
