/**
 * @module
 * The frame around every request: its deadline and stores going in; its id, cost, timing and counts
 * going out.
 *
 * Reading or setting a header crosses into the runtime and is the dearest thing this file does, so it asks
 * for as few as the contract allows.
 */
import type { Context, MiddlewareHandler } from "hono";
import type { Spent } from "../../shared/kernel/traffic.ts";
import type { Deps, DepsFor } from "../deps.ts";
import type { AppEnv } from "./app-env.ts";
import { applyCors, applySessionCors } from "./cors.ts";
import { DEADLINE, DEADLINE_MS_DEFAULT } from "./headers.ts";
import { logFailure } from "./log.ts";
import { UNMATCHED } from "./metrics/registry.ts";
import { badHeader, uriTooLong } from "./problems.ts";

/** Half of what the platform takes (Workers limits, "URL size"), so that the answer is ours. */
const URL_CHARACTERS_MAX = 8_192;

export function requestFrame(depsFor: DepsFor): MiddlewareHandler<AppEnv> {
  return async function requestFrame(c, next) {
    const startedAtMs = performance.now();
    const wanted = c.req.header(DEADLINE.name);
    const isDeadlineValid = wanted === undefined || DEADLINE.pattern.test(wanted);
    const deps = depsFor(c.env, {
      deadlineMs: wanted !== undefined && isDeadlineValid ? Number(wanted) : DEADLINE_MS_DEFAULT,
      waitUntil: (work) => c.executionCtx.waitUntil(work),
      operation: () => operationOf(c),
    });
    const { url } = c.req;
    c.set("deps", deps);
    c.set("url", url);
    if (url.length > URL_CHARACTERS_MAX) c.res = uriTooLong(c, URL_CHARACTERS_MAX);
    else if (!isDeadlineValid) {
      c.res = badHeader(c, { at: `header.${DEADLINE.name}`, message: DEADLINE.rule });
    } else await next();

    const spent = deps.traffic.spent();
    setHeaders(c, deps, spent);
    account(c, deps, spent, performance.now() - startedAtMs);
  };
}

function operationOf(c: Context<AppEnv>): string {
  return c.get("endpoint")?.operation ?? UNMATCHED;
}

function setHeaders(c: Context<AppEnv>, { requestId, config }: Deps, spent: Spent): void {
  const { headers } = c.res;
  headers.set("Kv-Request-Id", requestId);
  headers.set("Kv-Cost", `trips=${spent.trips}, requests=${spent.requests}`);
  headers.set("Server-Timing", serverTiming(spent));
  headers.set("X-Content-Type-Options", "nosniff");
  if (!headers.has("Cache-Control")) headers.set("Cache-Control", "no-store");
  if (config.durability === "single-database") headers.set("Kv-Durability", "single-database");
  if (c.get("endpoint")?.credential !== undefined || c.get("isCookiePreflight")) {
    applySessionCors(c, config.sessionOrigins);
  } else if (config.corsOrigins.length > 0) applyCors(c, config.corsOrigins);
}

function serverTiming({ durationMs }: Spent): string {
  const { redis = 0, postgres = 0, "durable-object": object = 0 } = durationMs;
  return `redis;dur=${tenths(redis)}, db;dur=${tenths(postgres)}, do;dur=${tenths(object)}`;
}

function tenths(ms: number): number {
  return Math.round(ms * 10) / 10;
}

function account(c: Context<AppEnv>, deps: Deps, spent: Spent, durationMs: number): void {
  const operation = operationOf(c);
  const { status } = c.res;
  const code = c.get("problemCode") ?? null;
  const { trips, requests } = spent;
  deps.isolate.metrics.countReply(operation, { status, code, durationMs, trips, requests });
  deps.isolate.flush?.plan((work) => c.executionCtx.waitUntil(work));
  if (status >= 500) {
    const { requestId } = deps;
    logFailure({ requestId, operation, status, code: code ?? "none", error: c.error });
  }
}
