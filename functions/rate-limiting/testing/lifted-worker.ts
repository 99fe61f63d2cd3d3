/**
 * @module
 * A whole Worker around the limiter and nothing else of this project: what it takes to lift the folder out.
 */
import { Hono } from "hono";
import {
  type BoundedCache,
  type BoundedCacheOptions,
  boundedCache,
} from "../../../shared/kernel/bounded-cache.ts";
import { deadlineAfter } from "../../../shared/kernel/deadline.ts";
import { sleep } from "../../../shared/kernel/time.ts";
import { storeTraffic } from "../../../shared/kernel/traffic.ts";
import { upstashDatabase } from "../../../shared/redis/upstash.ts";
import type { Deps } from "../../deps.ts";
import type { AppEnv } from "../../http/app-env.ts";
import { type Keyring, SCOPES, VERIFIED_KEYS_MAX, VERIFIED_TTL_MS } from "../../http/auth.ts";
import { problemOf } from "../../http/problems.ts";
import { createLimiter, type Limiter } from "../limiter.ts";
import { rateLimit } from "../middleware.ts";
import { rateLimitingRoutes } from "../routes.ts";

interface Bindings {
  readonly UPSTASH_REDIS_REST_URL: string;
  readonly UPSTASH_REDIS_REST_TOKEN: string;
  /** SHA-256 of the one key that may call, in hex. */
  readonly API_KEY_SHA256: string;
}

const DEADLINE_MS = 2_000;
const clock = () => Date.now();

const service = new Hono<AppEnv>()
  .use(async (c, next) => {
    c.set("url", c.req.url);
    c.set("deps", depsOf(c.env as unknown as Bindings));
    await next();
  })
  .onError((error, c) => problemOf(c, error))
  .route("/rate-limiting", rateLimitingRoutes);

/** The middleware in an app that has nothing else of this project. */
const mounted = new Hono<{ Bindings: Bindings }>()
  .use(
    "/api/*",
    rateLimit<{ Bindings: Bindings }>({
      access: (c) => limiterOf(c.env).access(),
      policies: [
        {
          name: "burst",
          algorithm: "gcra",
          limit: 3,
          windowMs: 3_600_000,
          burst: 3,
          onError: "open",
        },
        {
          name: "day",
          algorithm: "gcra",
          limit: 100,
          windowMs: 86_400_000,
          burst: 100,
          onError: "open",
        },
      ],
      user: (c) => c.req.header("X-User"),
    }),
  )
  .get("/api/hello", (c) => c.text("hello"));

export const liftedWorker = new Hono().route("/", mounted).mount("/", service.fetch);

const limiters = new WeakMap<Bindings, Limiter>();

function limiterOf(env: Bindings): Limiter {
  const limiter = limiters.get(env) ?? makeLimiter(env);
  limiters.set(env, limiter);
  return limiter;
}

function makeLimiter(env: Bindings): Limiter {
  return createLimiter({
    url: env.UPSTASH_REDIS_REST_URL,
    token: env.UPSTASH_REDIS_REST_TOKEN,
    space: { instance: "mounted", tenant: "app" },
    clock,
    random: Math.random,
    sleep,
    newId: () => crypto.randomUUID(),
  });
}

/** The limiter needs no more of `Deps` than this. */
function depsOf(env: Bindings): Deps {
  const deadline = deadlineAfter(clock, DEADLINE_MS);
  const traffic = storeTraffic(clock);
  const { redis, keyring, caches } = isolateOf(env);
  const deps = {
    redis: redis.port({ traffic, deadline }),
    attempts: { deadline, clock, random: Math.random, sleep },
    traffic,
    clock,
    keyring,
    newId: () => crypto.randomUUID(),
    config: { instance: "lifted" },
    caches,
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
  const byName = new Map<string, BoundedCache<unknown>>();
  const named = (name: string, options: BoundedCacheOptions) => {
    const cache = byName.get(name) ?? boundedCache<unknown>(options);
    byName.set(name, cache);
    return cache;
  };
  return { redis, keyring, caches: { named } };
}
