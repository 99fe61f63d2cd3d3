/**
 * @module
 * What the stores themselves counted. None of these numbers comes from the service under test, so they
 * check its `Kv-Cost`.
 *
 * - HTTP requests and SQL statements: from the local stack's endpoints, through its control address.
 * - Redis commands: from each redis-server's own `INFO commandstats`, which counts the commands inside
 *   scripts too, as Upstash bills them.
 */
import { Redis } from "ioredis";
import * as z from "zod";
import type { StackFile, StackRedis } from "../../local/stack-file.ts";

const TIMEOUT_MS = 2_000;

const reply = z.object({
  counters: z.record(
    z.string(),
    z.looseObject({
      requests: z.int().nonnegative(),
      statements: z.int().nonnegative().optional(),
    }),
  ),
});

export interface StoreCount {
  /** `main`, `node-1`, `postgres`, … */
  readonly id: string;
  readonly requests: number;
  /** Billed Redis commands, or SQL statements; `null`: not counted, which is not 0. */
  readonly commands: number | null;
}

export interface StoreReading extends StoreCount {
  /** Which run of a redis-server counted the commands: a restarted one counts from zero. */
  readonly countedBy: string | null;
}

/** `null` when the stack does not answer. */
export async function readStoreCounters(stack: StackFile): Promise<StoreReading[] | null> {
  try {
    const [counters, servers] = await Promise.all([endpointCounters(stack), redisServers(stack)]);
    return Object.entries(counters).map(([id, { requests, statements }]) => {
      const server = servers.get(id);
      return server === undefined
        ? { id, requests, commands: statements ?? null, countedBy: null }
        : { id, requests, commands: server?.commands ?? null, countedBy: server?.runId ?? null };
    });
  } catch {
    return null;
  }
}

async function endpointCounters({ faults, key }: StackFile) {
  const response = await fetch(`${faults.url}/counters`, {
    headers: { Authorization: `Bearer ${key}` },
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  return reply.parse(await response.json()).counters;
}

interface ServerCount {
  readonly runId: string;
  /** Executed since the server started. */
  readonly commands: number;
}

/** Every redis-server; `null` for one that does not answer. */
async function redisServers({ redis }: StackFile): Promise<Map<string, ServerCount | null>> {
  const pairs = redis.shards.flatMap(({ primary, replicas }) => [primary, ...replicas]);
  const servers = [redis.main, ...redis.nodes, ...pairs];
  return new Map(
    await Promise.all(servers.map(async (server) => [server.id, await askServer(server)] as const)),
  );
}

async function askServer({ port, token }: StackRedis): Promise<ServerCount | null> {
  const client = new Redis({
    port,
    password: token,
    lazyConnect: true,
    connectTimeout: TIMEOUT_MS,
    commandTimeout: TIMEOUT_MS,
    retryStrategy: null,
    enableReadyCheck: false,
    disableClientInfo: true,
  });
  // Failures reach us through the call.
  client.on("error", () => {});
  try {
    await client.connect();
    const [server, stats] = [await client.info("server"), await client.info("commandstats")];
    const runId = /^run_id:(\w+)/m.exec(server)?.[1];
    return runId === undefined ? null : { runId, commands: sumCommandStats(stats) };
  } catch {
    return null;
  } finally {
    client.disconnect();
  }
}

/** Housekeeping of connections and replication, which no caller asked for and nobody bills. */
const NOT_BILLED =
  /^(?:auth|hello|client|select|info|ping|replconf|psync|script|command|config)(?:\||$)/;

/** The calls of an `INFO commandstats` reply: lines such as `cmdstat_get:calls=21,usec=175,…`. */
export function sumCommandStats(info: string): number {
  let calls = 0;
  for (const [, command = "", count = "0"] of info.matchAll(/^cmdstat_([^:]+):calls=(\d+)/gm)) {
    if (!NOT_BILLED.test(command)) calls += Number(count);
  }
  return calls;
}

/**
 * What was counted between two readings; stores that were not asked for anything are left out. `null` where an
 * endpoint is missing from one of them or has started again: then nobody knows how much it answered.
 */
export function countedBetween(
  before: readonly StoreReading[] | null,
  after: readonly StoreReading[] | null,
): StoreCount[] | null {
  if (before === null || after === null || before.length !== after.length) return null;
  const earlier = new Map(before.map((reading) => [reading.id, reading]));
  const counts: StoreCount[] = [];
  for (const later of after) {
    const first = earlier.get(later.id);
    if (first === undefined || later.requests < first.requests) return null;
    if (later.requests === first.requests) continue;
    const { id, requests } = later;
    counts.push({
      id,
      requests: requests - first.requests,
      commands: commandsBetween(first, later),
    });
  }
  return counts;
}

function commandsBetween(first: StoreReading, later: StoreReading): number | null {
  if (first.commands === null || later.commands === null) return null;
  return first.countedBy === later.countedBy ? later.commands - first.commands : null;
}
