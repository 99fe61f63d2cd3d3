/**
 * @module
 * The frame around every request: its deadline and stores going in, its id, cost and timing going out.
 */
import type { MiddlewareHandler } from "hono";
import { isSingleDatabase } from "../config.ts";
import type { DepsFor } from "../deps.ts";
import type { AppEnv } from "./app-env.ts";
import { DEADLINE, DEADLINE_MS_DEFAULT } from "./headers.ts";
import { badHeader, uriTooLong } from "./problems.ts";

/** Half of what the platform takes (Workers limits, "URL size"), so that the answer is ours. */
export const URL_CHARACTERS_MAX = 8_192;

export function requestFrame(depsFor: DepsFor): MiddlewareHandler<AppEnv> {
  return async function requestFrame(c, next) {
    const wanted = c.req.header(DEADLINE.name);
    const isDeadlineValid = wanted === undefined || DEADLINE.pattern.test(wanted);
    const deadlineMs = isDeadlineValid
      ? Number(wanted ?? DEADLINE_MS_DEFAULT)
      : DEADLINE_MS_DEFAULT;
    const deps = depsFor(c.env, {
      deadlineMs,
      waitUntil: (work) => c.executionCtx.waitUntil(work),
    });
    c.set("deps", deps);
    if (c.req.url.length > URL_CHARACTERS_MAX) c.res = uriTooLong(c, URL_CHARACTERS_MAX);
    else if (!isDeadlineValid) {
      c.res = badHeader(c, { at: `header.${DEADLINE.name}`, message: DEADLINE.rule });
    } else await next();

    const spent = deps.traffic.spent();
    const { headers } = c.res;
    const durationOf = (dependency: "redis" | "postgres" | "durable-object") =>
      (spent.durationMs.get(dependency) ?? 0).toFixed(1);
    headers.set("Kv-Request-Id", deps.newId());
    headers.set("Kv-Cost", `trips=${spent.trips}, requests=${spent.requests}`);
    headers.set(
      "Server-Timing",
      `redis;dur=${durationOf("redis")}, db;dur=${durationOf("postgres")}, do;dur=${durationOf("durable-object")}`,
    );
    if (isSingleDatabase(deps.config)) headers.set("Kv-Durability", "single-database");
  };
}
