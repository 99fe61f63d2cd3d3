/**
 * @module
 * A whole Worker around sessions and nothing else of this project: what it takes to lift the folder out. Half
 * of it is the service, half an app of its own with the middleware.
 */
import { type Context, Hono } from "hono";
import { type BoundedCache, boundedCache } from "../../../shared/kernel/bounded-cache.ts";
import { deadlineAfter } from "../../../shared/kernel/deadline.ts";
import { sleep } from "../../../shared/kernel/time.ts";
import { storeTraffic } from "../../../shared/kernel/traffic.ts";
import { type RedisDatabase, upstashDatabase } from "../../../shared/redis/upstash.ts";
import type { Deps } from "../../deps.ts";
import type { AppEnv } from "../../http/app-env.ts";
import { type Keyring, SCOPES, VERIFIED_KEYS_MAX, VERIFIED_TTL_MS } from "../../http/auth.ts";
import { problemOf } from "../../http/problems.ts";
import type { SessionAccess, SessionStores } from "../access.ts";
import type { SessionCookie } from "../cookie.ts";
import { type SessionVariables, session, signIn } from "../middleware.ts";
import { SESSION_POLICY } from "../policy.ts";
import { sessionStoreRoutes } from "../routes.ts";

interface Bindings {
  readonly UPSTASH_REDIS_REST_URL: string;
  readonly UPSTASH_REDIS_REST_TOKEN: string;
  /** SHA-256 of the one key that may call, in hex. */
  readonly API_KEY_SHA256: string;
  readonly SESSION_SECRET: string;
}

interface ShopEnv {
  Bindings: Bindings;
  Variables: SessionVariables;
}

const DEADLINE_MS = 2_000;
const clock = () => Date.now();

/** 22 characters of base64url from 132 random bits. */
const newId = () => {
  const bytes = crypto.getRandomValues(new Uint8Array(17));
  const text = btoa(String.fromCharCode(...bytes));
  return text.replaceAll("+", "-").replaceAll("/", "_").slice(0, 22);
};

const service = new Hono<AppEnv>()
  .use(async (c, next) => {
    c.set("url", c.req.url);
    c.set("deps", depsOf(c));
    await next();
  })
  .onError((error, c) => problemOf(c, error))
  .route("/session-store", sessionStoreRoutes);

/** The middleware in an app that has nothing else of this project. */
const shop = new Hono<ShopEnv>()
  .post("/shop/sign-in/:user", async (c) => {
    const wish = { tenant: "shop", userId: c.req.param("user"), data: [], device: null };
    await signIn(c, accessOf(c), { ...wish, idempotencyKey: null });
    return c.text("welcome");
  })
  .use("/shop/my/*", session<ShopEnv>({ access: accessOf }))
  .post("/shop/my/theme/:theme", (c) => {
    c.get("session").set("theme", c.req.param("theme"));
    return c.text("stored");
  })
  .get("/shop/my/theme", (c) => c.text(String(c.get("session").get("theme"))));

export const liftedWorker = new Hono().route("/", shop).mount("/", service.fetch);

function storesOf(env: Bindings): SessionStores {
  const deadline = deadlineAfter(clock, DEADLINE_MS);
  return {
    redis: isolateOf(env).redis.port({ traffic: storeTraffic(clock), deadline }),
    attempts: { deadline, clock, random: Math.random, sleep },
  };
}

function accessOf(c: Context<ShopEnv>): SessionAccess {
  return {
    ...storesOf(c.env),
    instance: "shop",
    secrets: [{ kid: "only", secret: c.env.SESSION_SECRET }],
    policy: SESSION_POLICY,
    newId,
    afterReply: (work) => c.executionCtx.waitUntil(work(storesOf(c.env))),
  };
}

/** The session store needs no more of `Deps` than this. */
function depsOf(c: Context<AppEnv>): Deps {
  const env = c.env as unknown as Bindings;
  const deps = {
    ...storesOf(env),
    clock,
    keyring: isolateOf(env).keyring,
    caches: { named: () => isolateOf(env).cookies },
    newId,
    config: {
      instance: "lifted",
      sessionSecrets: [{ kid: "only", secret: env.SESSION_SECRET }],
      sessionOrigins: [],
      faults: { instance: null, sessionSecrets: null },
    },
    afterReply: (work: (stores: SessionStores) => Promise<unknown>) =>
      c.executionCtx.waitUntil(work(storesOf(env))),
  };
  return deps as unknown as Deps;
}

interface Isolate {
  readonly redis: RedisDatabase;
  readonly keyring: Keyring;
  readonly cookies: BoundedCache<SessionCookie>;
}

const isolates = new WeakMap<Bindings, Isolate>();

function isolateOf(env: Bindings): Isolate {
  const isolate = isolates.get(env) ?? createIsolate(env);
  isolates.set(env, isolate);
  return isolate;
}

function createIsolate(env: Bindings): Isolate {
  const principal = { keyId: "only", tenant: "only", scopes: new Set(SCOPES) };
  const keyring: Keyring = {
    principals: new Map([[env.API_KEY_SHA256, principal]]),
    verified: boundedCache({ entriesMax: VERIFIED_KEYS_MAX, ttlMs: VERIFIED_TTL_MS }),
  };
  const redis = upstashDatabase(
    { url: env.UPSTASH_REDIS_REST_URL, token: env.UPSTASH_REDIS_REST_TOKEN },
    clock,
  );
  const cookies = boundedCache<SessionCookie>({ entriesMax: 1_000, ttlMs: 60_000 });
  return { redis, keyring, cookies };
}
