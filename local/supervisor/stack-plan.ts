/**
 * @module
 * Everything a stack consists of, decided before anything is started: topology, secrets, ports, processes.
 */
import { join } from "node:path";
import type { StackFile, StackRedis } from "../stack-file.ts";
import type { ProcessPlan, ProcessSnapshot } from "./managed-process.ts";
import { gatewayPlan, type NodePlanSettings, postgresPlan } from "./node-plans.ts";
import { controlPort, type PortBases, type PortUse, sqlPort } from "./ports.ts";
import { redisPlan } from "./redis-process.ts";
import { loadSecrets } from "./secrets.ts";
import { allRedis, type RedisNode, topology } from "./topology.ts";
import {
  controlUrl,
  databaseUrl,
  redisHttpUrl,
  type Surroundings,
  sqlUrl,
  workerUrl,
} from "./worker-bindings.ts";

export interface StackPlan {
  readonly around: Surroundings;
  readonly redis: readonly ProcessPlan[];
  readonly gateway: ProcessPlan;
  readonly postgres: ProcessPlan;
}

/** The data folder must exist and be locked: secrets are made in it. */
export function planStack(dataDir: string, bases: PortBases, isSingleDatabase: boolean): StackPlan {
  const shape = topology(bases.redisPort, isSingleDatabase);
  const nodes = allRedis(shape);
  const secrets = loadSecrets(
    dataDir,
    nodes.map(({ id }) => id),
  );
  const around = { topology: shape, secrets, bases };
  const settings: NodePlanSettings = { around, dataDir };
  return {
    around,
    redis: nodes.map((node) =>
      redisPlan({
        node,
        redisDir: join(dataDir, "redis"),
        password: secrets.tokens[node.id] ?? "",
        primaryPassword: node.replication && (secrets.tokens[node.replication.primaryId] ?? ""),
      }),
    ),
    gateway: gatewayPlan(settings),
    postgres: postgresPlan(settings),
  };
}

/** What listens where, so that a port in use is named before anything starts. */
export function portUses(bases: PortBases, isSingleDatabase: boolean): readonly PortUse[] {
  const stores: readonly (readonly [number, string])[] = [
    ...allRedis(topology(bases.redisPort, isSingleDatabase)).flatMap((node) => [
      [node.respPort, `redis-server ${node.id}`] as const,
      [node.httpPort, `redis-http of ${node.id}`] as const,
      ...(node.replication === null
        ? []
        : [[node.replication.relayPort, `replication of ${node.id}`] as const]),
    ]),
    [sqlPort(bases.redisPort), "neon-http"],
    [controlPort(bases.redisPort), "faults and processes"],
  ];
  return [
    { port: bases.port, use: "the Worker", option: "--port" },
    ...stores.map(([port, use]) => ({ port, use, option: "--redis-port" as const })),
  ];
}

/** What `stack.json` says while the processes are as in `snapshotOf`. */
export function describeStack(
  around: Surroundings,
  snapshotOf: (id: string) => ProcessSnapshot,
): StackFile {
  const { topology: shape, secrets, bases } = around;
  const redis = (node: RedisNode): StackRedis => ({
    id: node.id,
    url: redisHttpUrl(node),
    token: secrets.tokens[node.id] ?? "",
    port: node.respPort,
    pid: snapshotOf(node.id).pid,
  });
  return {
    url: workerUrl(bases),
    key: secrets.key,
    pid: process.pid,
    worker: { pid: snapshotOf("worker").workerPid },
    redis: {
      main: redis(shape.main),
      nodes: shape.nodes.map(redis),
      shards: shape.shards.map(({ id, primary, replicas }) => ({
        id,
        primary: redis(primary),
        replicas: replicas.map(redis),
      })),
    },
    postgres: { url: databaseUrl(around), sqlUrl: sqlUrl(bases) },
    faults: { url: controlUrl(bases) },
  };
}
