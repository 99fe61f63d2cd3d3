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
  /** Billed Redis commands, or SQL statements. */
  readonly commands: number;
}

/** `null` when the stack does not answer. */
export async function readStoreCounters(stack: StackFile): Promise<StoreCount[] | null> {
  try {
    const [counters, commands] = await Promise.all([endpointCounters(stack), redisCommands(stack)]);
    return Object.entries(counters).map(([id, { requests, statements }]) => ({
      id,
      requests,
      commands: commands.get(id) ?? statements ?? requests,
    }));
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

/** Commands executed since each server started; a server that is down is left out. */
async function redisCommands({ redis }: StackFile): Promise<Map<string, number>> {
  const pairs = redis.shards.flatMap(({ primary, replicas }) => [primary, ...replicas]);
  const counted = await Promise.all([redis.main, ...redis.nodes, ...pairs].map(commandsOf));
  return new Map(counted.flatMap((entry) => (entry === null ? [] : [entry])));
}

async function commandsOf({ id, port, token }: StackRedis): Promise<[string, number] | null> {
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
    return [id, sumCommandStats(await client.info("commandstats"))];
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

/** What was counted between two readings; stores that were not asked for anything are left out. */
export function countedBetween(
  before: readonly StoreCount[] | null,
  after: readonly StoreCount[] | null,
): StoreCount[] | null {
  if (before === null || after === null) return null;
  const earlier = new Map(before.map((count) => [count.id, count]));
  return after
    .map(({ id, requests, commands }) => ({
      id,
      // A gateway that restarted counts from zero again.
      requests: Math.max(0, requests - (earlier.get(id)?.requests ?? 0)),
      commands: Math.max(0, commands - (earlier.get(id)?.commands ?? 0)),
    }))
    .filter((count) => count.requests > 0);
}
