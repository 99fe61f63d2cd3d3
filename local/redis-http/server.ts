/**
 * @module
 * Upstash's REST dialect over real redis-servers: several nodes in one process, a base URL each.
 */
import type { FaultEngine } from "../faults/engine.ts";
import type { Counters } from "./executor.ts";
import { NodeServer } from "./node-server.ts";
import { type RedisAddress, Store } from "./store.ts";

const HOST = "127.0.0.1";
/** A node whose Redis is not up by then starts all the same, and answers 503 until it is. */
const STORES_UP_WITHIN_MS = 2_000;

export interface RedisHttpNode {
  readonly id: string;
  readonly redis: RedisAddress;
  /** Of its HTTP endpoint; 0 for any free one. */
  readonly port: number;
  readonly token: string;
  readonly readOnlyToken?: string;
}

export interface RedisHttpOptions {
  readonly nodes: readonly RedisHttpNode[];
  readonly faults?: FaultEngine;
  readonly host?: typeof HOST;
}

export interface RedisHttp {
  readonly nodes: ReadonlyMap<string, { readonly url: string; readonly port: number }>;
  /** By node id, since the start or the last reset. */
  counters(): Readonly<Record<string, Readonly<Counters>>>;
  resetCounters(): void;
  /** Whether the node's Redis is reached now. */
  isReady(nodeId: string): boolean;
  /** Ends every connection; requests under way are cut off. */
  close(): Promise<void>;
}

/** Resolves once every endpoint listens. Rejects, with nothing left open, when a port is in use. */
export async function startRedisHttp(options: RedisHttpOptions): Promise<RedisHttp> {
  const { nodes, faults, host = HOST } = options;
  const running = nodes.map(({ id, redis, port, token, readOnlyToken }) => {
    const store = new Store(redis);
    const optional = {
      ...(readOnlyToken === undefined ? {} : { readOnlyToken }),
      ...(faults === undefined ? {} : { faults }),
    };
    return { id, port, store, server: new NodeServer({ id, store, token, ...optional }) };
  });
  const close = async () => {
    await Promise.all(running.map(({ server }) => server.close()));
    for (const { store } of running) store.close();
  };
  const endpoints = new Map<string, { url: string; port: number }>();
  const started = await Promise.allSettled(
    running.map(async ({ id, server, port, store }) => {
      const actual = await server.listen(port, host);
      endpoints.set(id, { url: `http://${host}:${actual}`, port: actual });
      await store.ready(STORES_UP_WITHIN_MS);
    }),
  );
  const failed = started.find((outcome) => outcome.status === "rejected");
  if (failed !== undefined) {
    await close();
    throw failed.reason;
  }
  return {
    nodes: endpoints,
    counters: () => Object.fromEntries(running.map(({ id, server }) => [id, server.counters()])),
    resetCounters: () => {
      for (const { server } of running) server.resetCounters();
    },
    isReady: (nodeId) => running.some(({ id, store }) => id === nodeId && store.isReady),
    close,
  };
}
