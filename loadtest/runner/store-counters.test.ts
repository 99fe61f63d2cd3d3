import { once } from "node:events";
import { createServer } from "node:http";
import { Redis } from "ioredis";
import { describe, it, onTestFinished } from "vitest";
import type { StackFile } from "../../local/stack-file.ts";
import { startRedisServer } from "../../local/testing/redis-server.ts";
import {
  countedBetween,
  readStoreCounters,
  type StoreReading,
  sumCommandStats,
} from "./store-counters.ts";

const main = (requests: number, commands: number | null, countedBy = "run-1"): StoreReading => ({
  id: "main",
  requests,
  commands,
  countedBy,
});

const postgres = (requests: number, commands: number | null): StoreReading => ({
  id: "postgres",
  requests,
  commands,
  countedBy: null,
});

/** A stack of one Redis on that port, whose control address answers these counters. */
async function stackOf(port: number, counters: unknown): Promise<StackFile> {
  const control = createServer((_, answer) => answer.end(JSON.stringify({ counters })));
  control.listen(0, "127.0.0.1");
  await once(control, "listening");
  onTestFinished(() => void control.close());
  const address = control.address();
  const controlPort = typeof address === "object" ? address?.port : 0;
  return {
    url: "http://127.0.0.1:1",
    key: "key",
    pid: process.pid,
    worker: { pid: process.pid },
    redis: {
      main: { id: "main", url: "http://127.0.0.1:1", token: "secret", port, pid: process.pid },
      nodes: [],
      shards: [],
    },
    postgres: { url: "postgres://127.0.0.1:1", sqlUrl: "http://127.0.0.1:1" },
    faults: { url: `http://127.0.0.1:${controlPort}` },
  };
}

describe("the stores' counters", () => {
  it("are commands of Redis itself, and nothing at all while it cannot be asked", async ({
    expect,
  }) => {
    const server = await startRedisServer({ args: ["--requirepass", "secret"] });
    onTestFinished(() => server.stop());
    const endpoints = { main: { requests: 7 }, postgres: { requests: 3, statements: 5 } };
    const stack = await stackOf(server.port, endpoints);
    const client = new Redis({ port: server.port, password: "secret" });
    await client.set("k", "v");
    client.disconnect();

    const [redis, sql] = (await readStoreCounters(stack)) ?? [];
    expect(redis).toMatchObject({ id: "main", requests: 7, commands: 1 });
    expect(redis?.countedBy).toMatch(/^\w{40}$/);
    expect(sql).toEqual(postgres(3, 5));

    await server.kill();
    expect((await readStoreCounters(stack))?.[0]).toMatchObject({ requests: 7, commands: null });
    const again = await startRedisServer({
      port: server.port,
      args: ["--requirepass", "secret"],
    });
    onTestFinished(() => again.stop());
    expect((await readStoreCounters(stack))?.[0]?.countedBy).not.toBe(redis?.countedBy);
  });

  it("give what happened between two readings, without stores that nobody asked", ({ expect }) => {
    const before = [main(10, 50), postgres(4, 7)];
    expect(countedBetween(before, [main(25, 110), postgres(4, 7)])).toEqual([
      { id: "main", requests: 15, commands: 60 },
    ]);
    expect(countedBetween(before, [main(25, 110), postgres(6, 10)])).toContainEqual({
      id: "postgres",
      requests: 2,
      commands: 3,
    });
  });

  it("count no commands where one of the readings lacks them", ({ expect }) => {
    const counts = [{ id: "main", requests: 15, commands: null }];
    expect(countedBetween([main(10, null)], [main(25, 110)])).toEqual(counts);
    expect(countedBetween([main(10, 50)], [main(25, null)])).toEqual(counts);
  });

  it("count no commands across a restart of the server, even if it has executed more since", ({
    expect,
  }) => {
    expect(countedBetween([main(10, 50)], [main(25, 70, "run-2")])).toEqual([
      { id: "main", requests: 15, commands: null },
    ]);
  });

  it("say nothing where an endpoint started again, is missing, or did not answer", ({ expect }) => {
    const both = [main(10, 50), postgres(4, 7)];
    expect(countedBetween(both, [main(5, 60), postgres(9, 12)])).toBeNull();
    expect(countedBetween(both, [main(25, 110)])).toBeNull();
    expect(countedBetween([main(10, 50)], both)).toBeNull();
    expect(countedBetween([main(10, 50)], [postgres(4, 7)])).toBeNull();
    expect(countedBetween(null, both)).toBeNull();
    expect(countedBetween(both, null)).toBeNull();
  });

  it("add up what Redis executed, also inside scripts, without its housekeeping", ({ expect }) => {
    const info = [
      "# Commandstats",
      "cmdstat_evalsha:calls=2,usec=9,usec_per_call=4.5,rejected_calls=0,failed_calls=0",
      "cmdstat_zadd:calls=6,usec=9,usec_per_call=1.5,rejected_calls=0,failed_calls=0",
      "cmdstat_client|setname:calls=40,usec=1,usec_per_call=1,rejected_calls=0,failed_calls=0",
      "cmdstat_ping:calls=7,usec=1,usec_per_call=1,rejected_calls=0,failed_calls=0",
    ].join("\r\n");
    expect(sumCommandStats(info)).toBe(8);
  });
});
