import { Hono } from "hono";
import { cacheAsideRoutes } from "./cache-aside/routes.ts";
import type { DepsFor } from "./deps.ts";
import type { AppEnv } from "./http/app-env.ts";
import { requestFrame } from "./http/context.ts";
import { healthRoutes } from "./http/health/routes.ts";
import { metricsRoutes } from "./http/metrics/routes.ts";
import { openApiRoutes } from "./http/openapi/routes.ts";
import { problemOf } from "./http/problems.ts";
import { unmatched } from "./http/unmatched.ts";
import { leaderboardRoutes } from "./leaderboard/routes.ts";
import { lineStreamsRoutes } from "./line-streams/routes.ts";
import { rateLimitingRoutes } from "./rate-limiting/routes.ts";
import { sessionStoreRoutes } from "./session-store/routes.ts";

/** The whole HTTP surface over injected dependencies, so tests build it without a Worker. */
export function createApp(depsFor: DepsFor) {
  const app = new Hono<AppEnv>();
  return app
    .use(requestFrame(depsFor))
    .onError((error, c) => problemOf(c, error))
    .notFound((c) => unmatched(c, app.router))
    .route(
      "/",
      openApiRoutes(() => app.routes),
    )
    .route("/health", healthRoutes)
    .route("/", metricsRoutes)
    .route("/cache-aside", cacheAsideRoutes())
    .route("/leaderboard", leaderboardRoutes)
    .route("/line-streams", lineStreamsRoutes)
    .route("/rate-limiting", rateLimitingRoutes)
    .route("/session-store", sessionStoreRoutes);
}
