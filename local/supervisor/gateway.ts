/**
 * @module
 * A child of the supervisor: redis-http of every node of the stack, and the relays between primaries and
 * replicas, in one process.
 */
import { FaultEngine } from "../faults/engine.ts";
import { startReplicationRelay } from "../redis-http/replication-relay.ts";
import { type RedisHttp, type RedisHttpNode, startRedisHttp } from "../redis-http/server.ts";
import { attachToSupervisor, failStart, tellSupervisor } from "./child-side.ts";

/** What the supervisor puts into `GATEWAY`. */
export interface GatewayConfig {
  readonly nodes: readonly RedisHttpNode[];
  /** One a replica: it finds its primary at `port`. */
  readonly relays: readonly {
    readonly id: string;
    readonly port: number;
    readonly primaryPort: number;
  }[];
}

const { GATEWAY, ...environment } = process.env;
const config = JSON.parse(GATEWAY ?? "null") as GatewayConfig;
process.env = environment;

const faults = new FaultEngine();
const closing: (() => Promise<void>)[] = [];
let redisHttp: RedisHttp | null = null;
// Before anything listens: the faults in force are on their way.
attachToSupervisor({
  faults,
  counters: () =>
    Object.fromEntries(
      Object.entries(redisHttp?.counters() ?? {}).map(([id, counters]) => [id, { ...counters }]),
    ),
  resetCounters: () => redisHttp?.resetCounters(),
  close: async () => {
    await Promise.all(closing.map((close) => close()));
  },
});
try {
  // First the relays: a replica that does not find its primary tries again only after a second.
  for (const { id, port, primaryPort } of config.relays) {
    const primary = { host: "127.0.0.1", port: primaryPort };
    const relay = await startReplicationRelay({ port, primary, delayMs: () => faults.lagMs(id) });
    closing.push(() => relay.close());
  }
  redisHttp = await startRedisHttp({ nodes: config.nodes, faults });
  closing.push(redisHttp.close);
  tellSupervisor({ type: "ready" });
} catch (error) {
  failStart(error);
}
