/**
 * @module
 * Which browsers may call (Fetch standard, "CORS protocol"). Calls carry a bearer key and no cookie, and then
 * credentials are never allowed; or they carry a session cookie, and then they are, to origins that are named.
 *
 * Hono's own middleware answers every OPTIONS, also of paths that do not exist, and makes a second Response
 * of each reply; this adds headers to the reply there is.
 */
import type { Context } from "hono";
import type { AppEnv } from "./app-env.ts";
import { DEADLINE, IDEMPOTENCY_KEY, IF_MATCH, IF_NONE_MATCH, LAST_EVENT_ID } from "./headers.ts";

const MAX_AGE_S = 600;

const REQUEST_HEADERS = [
  "Authorization",
  "Content-Type",
  IDEMPOTENCY_KEY.name,
  IF_MATCH.name,
  IF_NONE_MATCH.name,
  DEADLINE.name,
  LAST_EVENT_ID.name,
  "Kv-Fence",
  "Kv-Session",
].join(", ");

/** What a script may read beside the headers that are always readable (Fetch, "CORS-safelisted response header"). */
const EXPOSED_HEADERS = [
  "ETag",
  "Age",
  "Allow",
  "Cache-Status",
  "Retry-After",
  "RateLimit",
  "RateLimit-Policy",
  "Server-Timing",
  "Idempotency-Replayed",
  "Kv-Acks",
  "Kv-Consistency",
  "Kv-Cost",
  "Kv-Durability",
  "Kv-Epoch",
  "Kv-Hinted",
  "Kv-Invalidation",
  "Kv-Limiter",
  "Kv-Node",
  "Kv-Repaired",
  "Kv-Request-Id",
  "Kv-Served-By",
  "Kv-Session",
  "Kv-Session-Reset",
].join(", ");

/** Adds to a reply what lets a configured origin read it; a preflight is told from its `Allow`. */
export function applyCors(c: Context<AppEnv>, origins: readonly string[]): void {
  const isAny = origins.includes("*");
  if (!isAny) c.res.headers.append("Vary", "Origin");
  const origin = c.req.header("Origin");
  if (origin === undefined || !(isAny || origins.includes(origin))) return;
  allow(c, isAny ? "*" : origin);
}

/** The same where calls carry a session cookie. `origins` are named one by one. */
export function applySessionCors(c: Context<AppEnv>, origins: readonly string[]): void {
  c.res.headers.append("Vary", "Cookie");
  if (origins.length === 0) return;
  c.res.headers.append("Vary", "Origin");
  const origin = c.req.header("Origin");
  if (origin === undefined || !origins.includes(origin)) return;
  c.res.headers.set("Access-Control-Allow-Credentials", "true");
  allow(c, origin);
}

function allow(c: Context<AppEnv>, origin: string): void {
  const { headers } = c.res;
  headers.set("Access-Control-Allow-Origin", origin);
  const isPreflight =
    c.req.method === "OPTIONS" && c.req.header("Access-Control-Request-Method") !== undefined;
  const methods = headers.get("Allow");
  if (!isPreflight || methods === null) {
    headers.set("Access-Control-Expose-Headers", EXPOSED_HEADERS);
    return;
  }
  headers.set("Access-Control-Allow-Methods", methods);
  headers.set("Access-Control-Allow-Headers", REQUEST_HEADERS);
  headers.set("Access-Control-Max-Age", String(MAX_AGE_S));
}
