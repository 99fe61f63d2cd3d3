/**
 * @module
 * Composition root: from `env` to the clients that handlers are given. The only reader of `env` beside the
 * constructors of Durable Objects.
 *
 * What lives as long as an isolate (clients, breakers, verified keys, small caches) is bounded and holds
 * no promise; what belongs to one request (deadline, traffic, ports) is made for it.
 */
import type { Attempts } from "../shared/kernel/attempts.ts";
import { type BoundedCache, boundedCache } from "../shared/kernel/bounded-cache.ts";
import { deadlineAfter } from "../shared/kernel/deadline.ts";
import { type Clock, type Random, sleep } from "../shared/kernel/time.ts";
import { type StoreTraffic, storeTraffic } from "../shared/kernel/traffic.ts";
import { neonDatabase, type PostgresDatabase } from "../shared/postgres/neon.ts";
import type { PostgresPort } from "../shared/postgres/port.ts";
import type { RedisPort } from "../shared/redis/port.ts";
import { type RedisDatabase, upstashDatabase } from "../shared/redis/upstash.ts";
import { type Config, readConfig } from "./config.ts";
import { type Keyring, VERIFIED_KEYS_MAX, VERIFIED_TTL_MS } from "./http/auth.ts";
import { NotConfigured } from "./http/not-configured.ts";

/** How long work after the reply may take; the platform ends it after 30 s. */
const AFTER_REPLY_MS = 10_000;

/** The stores as one piece of work sees them, with its deadline and its count of calls. */
export interface Stores {
  readonly redis: RedisPort;
  readonly postgres: PostgresPort;
  readonly attempts: Attempts;
  readonly traffic: StoreTraffic;
}

export interface Deps extends Stores {
  readonly config: Config;
  /** Null when API_KEYS is missing or malformed. */
  readonly keyring: Keyring | null;
  readonly clock: Clock;
  readonly random: Random;
  /** A fresh id of 128 random bits, URL-safe. */
  readonly newId: () => string;
  readonly caches: Caches;
  readonly isolate: Isolate;
  /** Runs work after the reply has left, with stores and a deadline of its own. Failures are counted. */
  readonly afterReply: (work: (stores: Stores) => Promise<unknown>) => void;
}

/** Caches of an isolate by name, made on first use. */
export interface Caches {
  named<Value>(
    name: string,
    options: { readonly entriesMax: number; readonly ttlMs: number },
  ): BoundedCache<Value>;
}

/** What outlives a request. */
export interface Isolate {
  readonly config: Config;
  readonly keyring: Keyring | null;
  readonly redis: RedisDatabase | null;
  readonly postgres: PostgresDatabase | null;
  readonly caches: Caches;
}

export interface RequestScope {
  readonly deadlineMs: number;
  readonly waitUntil: (work: Promise<unknown>) => void;
}

export type DepsFor = (env: Env, request: RequestScope) => Deps;

const clock: Clock = () => Date.now();

/** `depsFor` of the deployed Worker. */
export function createDepsFor(): DepsFor {
  const isolates = new WeakMap<Env, Isolate>();
  return (env, request) => {
    let isolate = isolates.get(env);
    if (isolate === undefined) {
      isolate = isolateOf(env);
      isolates.set(env, isolate);
    }
    return depsOf(isolate, request);
  };
}

function isolateOf(env: Env): Isolate {
  const config = readConfig({ ...env });
  return {
    config,
    keyring: keyringOf(config),
    redis: config.redis === null ? null : upstashDatabase(config.redis, clock),
    postgres: config.databaseUrl === null ? null : neonDatabase(config.databaseUrl, clock),
    caches: cachesOf(),
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

function depsOf(isolate: Isolate, request: RequestScope): Deps {
  const stores = storesOf(isolate, request.deadlineMs);
  return {
    traffic: stores.traffic,
    attempts: stores.attempts,
    get redis() {
      return stores.redis;
    },
    get postgres() {
      return stores.postgres;
    },
    isolate,
    config: isolate.config,
    keyring: isolate.keyring,
    caches: isolate.caches,
    clock,
    random: Math.random,
    newId,
    afterReply: (work) =>
      request.waitUntil(work(storesOf(isolate, AFTER_REPLY_MS)).catch(() => {})),
  };
}

function storesOf(isolate: Isolate, deadlineMs: number): Stores {
  const deadline = deadlineAfter(clock, deadlineMs);
  const traffic = storeTraffic(() => performance.now());
  return {
    traffic,
    attempts: { deadline, clock, random: Math.random, sleep },
    get redis() {
      if (isolate.redis === null) throw new NotConfigured(isolate.config.missing.redis);
      return isolate.redis.port({ traffic, deadline });
    },
    get postgres() {
      if (isolate.postgres === null) throw new NotConfigured(isolate.config.missing.postgres);
      return isolate.postgres.port({ traffic, deadline });
    },
  };
}

function newId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return btoa(String.fromCharCode(...bytes)).replace(/[+/=]/g, (c) =>
    c === "+" ? "-" : c === "/" ? "_" : "",
  );
}
