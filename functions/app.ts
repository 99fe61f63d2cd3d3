import { Hono } from "hono";
import type { DepsFor } from "./deps.ts";
import type { AppEnv } from "./http/app-env.ts";
import { requestFrame } from "./http/context.ts";
import { notFound, problemOf } from "./http/problems.ts";

/** The whole HTTP surface over injected dependencies, so tests build it without a Worker. */
export function createApp(depsFor: DepsFor) {
  return new Hono<AppEnv>()
    .use(requestFrame(depsFor))
    .notFound((c) => notFound(c))
    .onError((error, c) => problemOf(c, error));
}
