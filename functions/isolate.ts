/**
 * @module
 * What outlives a request: made once per isolate, bounded, and without a promise in it, because the platform
 * cancels a promise together with the request that made it.
 */
import { type BoundedCache, boundedCache } from "../shared/kernel/bounded-cache.ts";
import type { Clock, Random, Sleep } from "../shared/kernel/time.ts";
import { neonDatabase, type PostgresDatabase } from "../shared/postgres/neon.ts";
import { type RedisDatabase, upstashDatabase } from "../shared/redis/upstash.ts";
import { type Config, readConfig } from "./config.ts";
import { redisDatabases } from "./databases.ts";
import { type Keyring, VERIFIED_KEYS_MAX, VERIFIED_TTL_MS } from "./http/auth.ts";
import { delivery } from "./http/metrics/delivery.ts";
import { type MetricsFlush, metricsFlush } from "./http/metrics/flush.ts";
import { type MetricsRegistry, metricsRegistry } from "./http/metrics/registry.ts";
import { requestIds } from "./http/request-id.ts";
import type { StreamMonitors } from "./line-streams/stream-monitors.ts";
import { type MetricsHubStub, metricsHubOf } from "./metrics-hub-stub.ts";
import { streamMonitorsOf } from "./stream-monitors-of.ts";

export interface Isolate {
  readonly config: Config;
  readonly keyring: Keyring | null;
  /** The main Redis; null when it is not configured. */
  readonly redis: RedisDatabase | null;
  /** Every configured Redis database by its name (`databases.ts`), each with a breaker of its own. */
  readonly redisByName: ReadonlyMap<string, RedisDatabase>;
  readonly postgres: PostgresDatabase | null;
  readonly caches: Caches;
  readonly metrics: MetricsRegistry;
  /** Null without the binding METRICS_HUB: counts then stay where they are. */
  readonly flush: MetricsFlush | null;
  readonly metricsHub: (() => MetricsHubStub) | null;
  /** Null without the binding STREAM_MONITOR: then nobody can wait for messages. */
  readonly streamMonitors: StreamMonitors | null;
  readonly nextRequestId: () => string;
}

/** Caches of an isolate by name, made on first use. */
export interface Caches {
  named<Value>(
    name: string,
    options: { readonly entriesMax: number; readonly ttlMs: number },
  ): BoundedCache<Value>;
}

export interface IsolateParts {
  readonly clock: Clock;
  readonly sleep: Sleep;
  readonly random: Random;
  readonly newId: () => string;
}

/** Call it inside a request: the platform has no randomness outside of one. */
export function isolateOf(env: Env, { clock, sleep, random, newId }: IsolateParts): Isolate {
  const config = readConfig({ ...env });
  const canServe = config.faults.instance === null;
  const redisByName = new Map(
    (canServe ? redisDatabases(config) : []).map(({ name, url, token }) => [
      name,
      upstashDatabase({ url, token }, clock),
    ]),
  );
  const metrics = metricsRegistry();
  const metricsHub = metricsHubOf(env);
  return {
    config,
    keyring: canServe ? keyringOf(config) : null,
    redis: redisByName.get("redis") ?? null,
    redisByName,
    postgres:
      canServe && config.databaseUrl !== null ? neonDatabase(config.databaseUrl, clock) : null,
    caches: cachesOf(),
    metrics,
    metricsHub,
    streamMonitors: streamMonitorsOf(env),
    flush:
      metricsHub === null
        ? null
        : metricsFlush({ delivery: delivery(newId(), metrics), sink: metricsHub, clock, sleep }),
    nextRequestId: requestIds(random),
  };
}

function keyringOf({ apiKeys }: Config): Keyring | null {
  if (apiKeys === null) return null;
  const principals = new Map(
    apiKeys.map(({ id, sha256, tenant, scopes }) => [
      sha256,
      { keyId: id, tenant, scopes: new Set(scopes) },
    ]),
  );
  const verified = boundedCache<never>({ entriesMax: VERIFIED_KEYS_MAX, ttlMs: VERIFIED_TTL_MS });
  return { principals, verified };
}

function cachesOf(): Caches {
  const byName = new Map<string, BoundedCache<unknown>>();
  return {
    named<Value>(name: string, options: { readonly entriesMax: number; readonly ttlMs: number }) {
      const cache = byName.get(name) ?? boundedCache<unknown>(options);
      byName.set(name, cache);
      return cache as BoundedCache<Value>;
    },
  };
}
