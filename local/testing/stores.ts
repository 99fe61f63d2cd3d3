/**
 * @module
 * Real stores behind the real wire dialects, in this process: what a test that cares about trips or faults
 * starts for itself, and what the global setup starts once for all the others.
 */
import { randomBytes } from "node:crypto";
import { FaultEngine } from "../faults/engine.ts";
import { temporaryPglite } from "../neon-http/pglite-fixture.ts";
import { type NeonHttp, startNeonHttp } from "../neon-http/server.ts";
import { type RedisHttp, startRedisHttp } from "../redis-http/server.ts";
import { type RedisServer, startRedisServer } from "./redis-server.ts";

export interface TestRedis {
  readonly url: string;
  readonly token: string;
  /** RESP port of the redis-server. */
  readonly port: number;
  readonly server: RedisServer;
  readonly http: RedisHttp;
  /** Faults of the target `main`. */
  readonly faults: FaultEngine;
  stop(): Promise<void>;
}

/** One redis-server behind redis-http, as the node `main`. */
export async function startTestRedis(): Promise<TestRedis> {
  const server = await startRedisServer();
  const faults = new FaultEngine();
  const token = randomBytes(16).toString("hex");
  const http = await startRedisHttp({
    nodes: [{ id: "main", redis: { host: "127.0.0.1", port: server.port }, port: 0, token }],
    faults,
  });
  const url = http.nodes.get("main")?.url ?? "";
  const stop = async () => {
    await http.close();
    await server.stop();
  };
  return { url, token, port: server.port, server, http, faults, stop };
}

export interface TestPostgres {
  readonly databaseUrl: string;
  readonly http: NeonHttp;
  /** Faults of the target `postgres`. */
  readonly faults: FaultEngine;
  stop(): Promise<void>;
}

/** PGlite on a folder of its own behind neon-http. */
export async function startTestPostgres(): Promise<TestPostgres> {
  const { database, dispose } = await temporaryPglite();
  const faults = new FaultEngine();
  const password = randomBytes(16).toString("hex");
  const http = await startNeonHttp({ port: 0, database, password, faults });
  const stop = async () => {
    await http.close();
    await dispose();
  };
  return {
    databaseUrl: `postgres://local:${password}@127.0.0.1:${http.port}/local`,
    http,
    faults,
    stop,
  };
}
