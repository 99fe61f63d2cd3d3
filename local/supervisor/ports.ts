/**
 * @module
 * Which port serves what. Everything listens on 127.0.0.1; two bases place it all, so that stacks with other
 * bases run side by side.
 *
 * | from `--redis-port` | serves |
 * |---|---|
 * | + 0 … 12 | RESP of the redis-servers, in the order of `topology.ts` |
 * | + 13 … 25 | redis-http of the same nodes |
 * | + 26 | neon-http |
 * | + 27 | faults and process control |
 * | + 28 … 31 | replication relays, one a replica |
 */
import { createServer } from "node:net";

export const REDIS_PORTS = 32;
export const WORKER_PORTS = 4;
const NODES_MAX = 13;
const PORT_MIN = 1024;
const PORT_MAX = 65_535;

export interface PortBases {
  readonly port: number;
  readonly redisPort: number;
}

export interface PortUse {
  readonly port: number;
  readonly use: string;
  readonly option: "--port" | "--redis-port";
}

export const respPort = (base: number, index: number): number => base + index;
export const redisHttpPort = (base: number, index: number): number => base + NODES_MAX + index;
export const sqlPort = (base: number): number => base + 2 * NODES_MAX;
export const controlPort = (base: number): number => base + 2 * NODES_MAX + 1;
export const relayPort = (base: number, index: number): number => base + 2 * NODES_MAX + 2 + index;
/** `wrangler dev` beside a stack whose Worker has the base port. */
export const devPort = (base: number): number => base + 1;

/** Says what is wrong with the bases themselves; `null` when nothing is. */
export function basesProblem({ port, redisPort }: PortBases): string | null {
  for (const [option, base, count] of [
    ["--port", port, WORKER_PORTS],
    ["--redis-port", redisPort, REDIS_PORTS],
  ] as const) {
    if (base < PORT_MIN || base + count - 1 > PORT_MAX) {
      return `${option} ${base} does not do: it is the first of ${count} ports, so choose ${PORT_MIN} to ${PORT_MAX - count + 1}.`;
    }
  }
  if (port < redisPort + REDIS_PORTS && redisPort < port + WORKER_PORTS) {
    return `--port ${port} (4 ports) and --redis-port ${redisPort} (32 ports) overlap: move one of them.`;
  }
  return null;
}

/** The uses whose port something else listens on, in the order given. */
export async function takenPorts(uses: readonly PortUse[]): Promise<readonly PortUse[]> {
  const taken = await Promise.all(uses.map(({ port }) => isTaken(port)));
  return uses.filter((_, index) => taken[index]);
}

/** More of them say nothing new: it is another stack. */
const NAMED_MAX = 4;

/** Names the ports and the option that moves them. */
export function takenPortsMessage(taken: readonly PortUse[], bases: PortBases): string {
  const lines = taken
    .slice(0, NAMED_MAX)
    .map(({ port, use, option }) => `Port ${port} (${use}) is in use; ${option} moves it.`);
  if (taken.length > NAMED_MAX) lines.push(`So are ${taken.length - NAMED_MAX} others.`);
  const options = [...new Set(taken.map(({ option }) => option))].map((option) =>
    option === "--port" ? `--port ${bases.port + 100}` : `--redis-port ${bases.redisPort + 100}`,
  );
  return [...lines, `For example: npm start -- ${options.join(" ")}`].join("\n");
}

/** Whether something listens on the port, or it cannot be had for another reason. */
export function isTaken(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(true));
    server.listen({ port, host: "127.0.0.1", exclusive: true }, () => {
      server.close(() => resolve(false));
    });
  });
}
