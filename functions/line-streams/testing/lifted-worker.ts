/**
 * @module
 * A whole Worker around line-streams and nothing else of this project: what it takes to lift the folder out.
 * It binds no object, so polls do not wait.
 */
import { Hono } from "hono";
import { type BoundedCache, boundedCache } from "../../../shared/kernel/bounded-cache.ts";
import { deadlineAfter } from "../../../shared/kernel/deadline.ts";
import { sleep } from "../../../shared/kernel/time.ts";
import { storeTraffic } from "../../../shared/kernel/traffic.ts";
import { upstashDatabase } from "../../../shared/redis/upstash.ts";
import type { Deps } from "../../deps.ts";
import type { AppEnv } from "../../http/app-env.ts";
import { type Keyring, SCOPES, VERIFIED_KEYS_MAX, VERIFIED_TTL_MS } from "../../http/auth.ts";
import { problemOf } from "../../http/problems.ts";
import { KNOWN_TOPICS } from "../access.ts";
import { lineStreamsRoutes } from "../routes.ts";

interface Bindings {
  readonly UPSTASH_REDIS_REST_URL: string;
  readonly UPSTASH_REDIS_REST_TOKEN: string;
  /** SHA-256 of the one key that may call, in hex. */
  readonly API_KEY_SHA256: string;
}

const DEADLINE_MS = 2_000;
const clock = () => Date.now();

export const liftedWorker = new Hono<AppEnv>()
  .use(async (c, next) => {
    c.set("url", c.req.url);
    c.set(
      "deps",
      depsOf(c.env as unknown as Bindings, (work) => c.executionCtx.waitUntil(work)),
    );
    await next();
  })
  .onError((error, c) => problemOf(c, error))
  .route("/line-streams", lineStreamsRoutes);

/** Line-streams needs no more of `Deps` than this. */
function depsOf(env: Bindings, waitUntil: (work: Promise<unknown>) => void): Deps {
  const { redis, keyring, caches } = isolateOf(env);
  const storesFor = (deadlineMs: number) => {
    const deadline = deadlineAfter(clock, deadlineMs);
    const traffic = storeTraffic(clock);
    const attempts = { deadline, clock, random: Math.random, sleep };
    return { redis: redis.port({ traffic, deadline }), attempts, traffic };
  };
  const deps = {
    ...storesFor(DEADLINE_MS),
    storesFor,
    extendDeadline: () => {},
    afterReply: (work: (stores: unknown) => Promise<unknown>) =>
      waitUntil(work(storesFor(DEADLINE_MS))),
    clock,
    random: Math.random,
    keyring,
    newId: () => crypto.randomUUID(),
    config: { instance: "lifted" },
    caches: { named: (name: string) => caches.get(name) ?? boundedCache(KNOWN_TOPICS) },
    isolate: { streamMonitors: null },
  };
  return deps as unknown as Deps;
}

type Isolate = ReturnType<typeof createIsolate>;

const isolates = new WeakMap<Bindings, Isolate>();

function isolateOf(env: Bindings): Isolate {
  const isolate = isolates.get(env) ?? createIsolate(env);
  isolates.set(env, isolate);
  return isolate;
}

function createIsolate(env: Bindings) {
  const principal = { keyId: "only", tenant: "only", scopes: new Set(SCOPES) };
  const keyring: Keyring = {
    principals: new Map([[env.API_KEY_SHA256, principal]]),
    verified: boundedCache({ entriesMax: VERIFIED_KEYS_MAX, ttlMs: VERIFIED_TTL_MS }),
  };
  const redis = upstashDatabase(
    { url: env.UPSTASH_REDIS_REST_URL, token: env.UPSTASH_REDIS_REST_TOKEN },
    clock,
  );
  const caches = new Map<string, BoundedCache<unknown>>(
    ["topics", "groups"].map((name) => [`line-streams.${name}`, boundedCache(KNOWN_TOPICS)]),
  );
  return { redis, keyring, caches };
}
