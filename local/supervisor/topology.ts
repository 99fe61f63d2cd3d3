/**
 * @module
 * The redis-servers of a stack: which there are, what each is for, and where it listens.
 *
 * The order is part of the contract: a node's index decides its ports.
 */
import { redisHttpPort, relayPort, respPort } from "./ports.ts";

export interface RedisNode {
  readonly id: string;
  readonly role: "main" | "voter" | "spare" | "primary" | "replica";
  readonly respPort: number;
  readonly httpPort: number;
  /** Only replicas: where it finds its primary. */
  readonly replication: Replication | null;
  /** `always`: an acknowledged write survives a kill. `everysec`: at most a second is lost. */
  readonly fsync: "always" | "everysec";
}

export interface Replication {
  readonly primaryId: string;
  readonly primaryPort: number;
  /** The relay that carries (and on request delays) the primary's stream. */
  readonly relayPort: number;
}

export interface Shard {
  readonly id: string;
  readonly primary: RedisNode;
  readonly replicas: readonly RedisNode[];
}

export interface Topology {
  readonly main: RedisNode;
  readonly nodes: readonly RedisNode[];
  readonly shards: readonly Shard[];
}

const VOTERS = ["node-1", "node-2", "node-3"];
const SPARES = ["node-4"];
const SHARDS = ["shard-1", "shard-2", "shard-3", "shard-4"];

/** With `isSingleDatabase` there is `main` and nothing else: what a deployment on one Upstash database has. */
export function topology(base: number, isSingleDatabase: boolean): Topology {
  let index = 0;
  const node = (
    id: string,
    role: RedisNode["role"],
    fsync: RedisNode["fsync"],
    replication: Replication | null = null,
  ): RedisNode => {
    const made = {
      id,
      role,
      fsync,
      replication,
      respPort: respPort(base, index),
      httpPort: redisHttpPort(base, index),
    };
    index += 1;
    return made;
  };
  const main = node("main", "main", "everysec");
  if (isSingleDatabase) return { main, nodes: [], shards: [] };
  const nodes = [
    ...VOTERS.map((id) => node(id, "voter", "always")),
    ...SPARES.map((id) => node(id, "spare", "always")),
  ];
  const shards = SHARDS.map((id, shardIndex) => {
    const primary = node(`${id}-primary`, "primary", "everysec");
    const replication = {
      primaryId: primary.id,
      primaryPort: primary.respPort,
      relayPort: relayPort(base, shardIndex),
    };
    return { id, primary, replicas: [node(`${id}-replica-1`, "replica", "everysec", replication)] };
  });
  return { main, nodes, shards };
}

/** Every redis-server, in the order of its ports. */
export function allRedis({ main, nodes, shards }: Topology): readonly RedisNode[] {
  return [main, ...nodes, ...shards.flatMap(({ primary, replicas }) => [primary, ...replicas])];
}
