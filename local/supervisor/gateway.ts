/**
 * @module
 * A child of the supervisor: redis-http of every node of the stack, and the relays between primaries and
 * replicas, in one process.
 */
import { FaultEngine } from "../faults/engine.ts";
import { startReplicationRelay } from "../redis-http/replication-relay.ts";
import { type RedisHttpNode, startRedisHttp } from "../redis-http/server.ts";
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
try {
  // First: a replica that does not find its primary tries again only after a second.
  const relays = await Promise.all(
    config.relays.map(({ id, port, primaryPort }) =>
      startReplicationRelay({
        port,
        primary: { host: "127.0.0.1", port: primaryPort },
        delayMs: () => faults.lagMs(id),
      }),
    ),
  );
  const redisHttp = await startRedisHttp({ nodes: config.nodes, faults });
  attachToSupervisor({
    faults,
    counters: () =>
      Object.fromEntries(
        Object.entries(redisHttp.counters()).map(([id, counters]) => [id, { ...counters }]),
      ),
    resetCounters: () => redisHttp.resetCounters(),
    close: async () => {
      await Promise.all([redisHttp, ...relays].map((one) => one.close()));
    },
  });
  tellSupervisor({ type: "ready" });
} catch (error) {
  failStart(error);
}
