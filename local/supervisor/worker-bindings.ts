/**
 * @module
 * What the Worker gets to know of a local stack: the bindings a deployment has, with local URLs and tokens.
 */
import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { controlPort, type PortBases, sqlPort } from "./ports.ts";
import { keyHash, type Secrets } from "./secrets.ts";
import type { RedisNode, Topology } from "./topology.ts";

export const LOOPBACK = "127.0.0.1";

export interface Surroundings {
  readonly topology: Topology;
  readonly secrets: Secrets;
  readonly bases: PortBases;
}

export const workerUrl = ({ port }: PortBases): string => `http://${LOOPBACK}:${port}`;
export const redisHttpUrl = (node: RedisNode): string => `http://${LOOPBACK}:${node.httpPort}`;
export const sqlUrl = ({ redisPort }: PortBases): string =>
  `http://${LOOPBACK}:${sqlPort(redisPort)}/sql`;
export const controlUrl = ({ redisPort }: PortBases): string =>
  `http://${LOOPBACK}:${controlPort(redisPort)}`;

/** In the form that a Neon client takes; the port is neon-http's. */
export function databaseUrl({ bases, secrets }: Surroundings): string {
  return `postgres://local:${secrets.postgresPassword}@${LOOPBACK}:${sqlPort(bases.redisPort)}/local`;
}

/** `instance` prefixes every key in the stores, so that two Workers can share them. */
export function workerBindings(
  around: Surroundings,
  instance: "local" | "dev",
): Readonly<Record<string, string>> {
  const { topology, secrets } = around;
  const database = (node: RedisNode) => ({
    id: node.id,
    url: redisHttpUrl(node),
    token: secrets.tokens[node.id] ?? "",
  });
  const spread = {
    REDIS_NODES: JSON.stringify(
      topology.nodes.map((node) => ({ ...database(node), role: node.role })),
    ),
    REDIS_SHARDS: JSON.stringify(
      topology.shards.map(({ id, primary, replicas }) => ({
        id,
        primary: database(primary),
        replicas: replicas.map(database),
      })),
    ),
  };
  return {
    INSTANCE: instance,
    UPSTASH_REDIS_REST_URL: redisHttpUrl(topology.main),
    UPSTASH_REDIS_REST_TOKEN: secrets.tokens[topology.main.id] ?? "",
    ...(topology.nodes.length > 0 ? spread : {}),
    DATABASE_URL: databaseUrl(around),
    API_KEYS: JSON.stringify([
      {
        id: "local",
        sha256: keyHash(secrets.key),
        tenant: "local",
        scopes: ["read", "write", "admin"],
      },
    ]),
    SESSION_SECRETS: JSON.stringify({ local: secrets.sessionSecret }),
    CORS_ORIGINS: "",
    SESSION_ORIGINS: "",
  };
}

/** Every stack leaves its bindings for `wrangler dev` here. */
export const devVarsOf = (dataDir: string): string => join(dataDir, "dev.vars");

const DEV_VARS_MARK = "# Made by the local stack that runs; removed when it stops.";

/**
 * Writes bindings as `wrangler dev` reads them, mode 0600. Returns false, and leaves the file alone, where a
 * person wrote one.
 */
export function writeDevVars(path: string, bindings: Readonly<Record<string, string>>): boolean {
  if (isForeign(path)) return false;
  const lines = Object.entries(bindings).map(([name, value]) => `${name}='${value}'`);
  const draft = `${path}.${process.pid}`;
  writeFileSync(draft, `${[DEV_VARS_MARK, ...lines].join("\n")}\n`, { mode: 0o600 });
  renameSync(draft, path);
  return true;
}

export function removeDevVars(path: string): void {
  if (!isForeign(path)) rmSync(path, { force: true });
}

function isForeign(path: string): boolean {
  try {
    return !readFileSync(path, "utf8").startsWith(DEV_VARS_MARK);
  } catch {
    return false;
  }
}
