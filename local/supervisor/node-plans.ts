/**
 * @module
 * How the Node processes of the stack are started: gateway (redis-http of every node and the replication
 * relays), neon-http, and the Worker's host.
 */
import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { GatewayConfig } from "./gateway.ts";
import type { ProcessPlan } from "./managed-process.ts";
import { sqlPort } from "./ports.ts";
import type { Launch } from "./running-process.ts";
import { allRedis } from "./topology.ts";
import { type Surroundings, workerBindings } from "./worker-bindings.ts";
import type { WorkerHostConfig } from "./worker-host.ts";

/** A child closes within 1 s of being asked (`child-side.ts`); this is what it gets beside. */
const STOP_GRACE_MS = 1500;
/** Small young generation: these processes idle most of the time, and there are several. */
const NODE_FLAGS = ["--max-semi-space-size=2", "--disable-warning=ExperimentalWarning"];

/**
 * glibc gives what was freed back to the system: what a process needs to start (a database image, a bundler's
 * worth of JavaScript) is much more than it needs to go on. Saves 70 MiB; elsewhere it means nothing. Not for the
 * gateway, which allocates large values all the time.
 */
const LEAN_MALLOC = {
  MALLOC_ARENA_MAX: "1",
  MALLOC_MMAP_THRESHOLD_: "65536",
  MALLOC_TRIM_THRESHOLD_: "65536",
};

/**
 * PGlite is one WebAssembly module. Without the flag V8 takes 500 MiB for a moment, within the first thousand
 * statements, to optimize its largest function, and 50 MiB for good; fewer jobs, a larger budget or no inlining
 * leave that as it is. What it gains is 0.1 ms of CPU a statement, of 0.5 to 1.1 ms: most of it is HTTP.
 */
const WASM_FLAGS = ["--liftoff-only"];

export interface NodePlanSettings {
  readonly around: Surroundings;
  readonly dataDir: string;
}

export function gatewayPlan(settings: NodePlanSettings): ProcessPlan {
  const { topology, secrets } = settings.around;
  const config: GatewayConfig = {
    nodes: allRedis(topology).map((node) => ({
      id: node.id,
      redis: { host: "127.0.0.1", port: node.respPort, password: secrets.tokens[node.id] ?? "" },
      port: node.httpPort,
      token: secrets.tokens[node.id] ?? "",
      readOnlyToken: secrets.readOnlyTokens[node.id] ?? "",
    })),
    relays: allRedis(topology).flatMap(({ id, replication }) =>
      replication === null
        ? []
        : [{ id, port: replication.relayPort, primaryPort: replication.primaryPort }],
    ),
  };
  return {
    id: "gateway",
    kind: "gateway",
    stopGraceMs: STOP_GRACE_MS,
    launch: () => nodeChild(settings, "gateway.ts", { env: { GATEWAY: JSON.stringify(config) } }),
  };
}

export function postgresPlan(settings: NodePlanSettings): ProcessPlan {
  const { bases, secrets } = settings.around;
  const folder = join(settings.dataDir, "postgres");
  const { LOCAL_POSTGRES_URL = "" } = process.env;
  return {
    id: "postgres",
    kind: "postgres",
    stopGraceMs: STOP_GRACE_MS,
    launch: () =>
      nodeChild(settings, "../neon-http/main.ts", {
        flags: WASM_FLAGS,
        args: ["--data", folder, "--port", String(sqlPort(bases.redisPort))],
        env: { ...LEAN_MALLOC, NEON_HTTP_PASSWORD: secrets.postgresPassword },
      }),
    ...(LOCAL_POSTGRES_URL !== ""
      ? {}
      : { wipe: () => rm(folder, { recursive: true, force: true }) }),
  };
}

/** `bundleDir` is asked at each start. */
export function workerPlan(settings: NodePlanSettings, bundleDir: () => string): ProcessPlan {
  const { around } = settings;
  const persistDir = join(settings.dataDir, "worker");
  return {
    id: "worker",
    kind: "worker",
    stopGraceMs: STOP_GRACE_MS,
    launch: () => {
      const config: WorkerHostConfig = {
        bundleDir: bundleDir(),
        persistDir,
        port: around.bases.port,
        bindings: workerBindings(around, "local"),
      };
      return nodeChild(settings, "worker-host.ts", {
        env: { ...LEAN_MALLOC, WORKER_HOST: JSON.stringify(config) },
      });
    },
    wipe: () => rm(persistDir, { recursive: true, force: true }),
  };
}

function nodeChild(
  { dataDir }: NodePlanSettings,
  module: string,
  {
    flags = [],
    args = [],
    env = {},
  }: {
    /** For Node. */
    readonly flags?: readonly string[];
    readonly args?: readonly string[];
    readonly env?: Record<string, string>;
  },
): Launch {
  return {
    command: process.execPath,
    args: [...NODE_FLAGS, ...flags, join(import.meta.dirname, module), ...args],
    // Compiled code is kept: the next start is faster, and does not load the TypeScript stripper at all.
    env: { NODE_COMPILE_CACHE: join(dataDir, "compile-cache"), ...env },
    hasChannel: true,
  };
}
