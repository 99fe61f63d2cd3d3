import { Hono } from "hono";
import * as z from "zod";
import type { AppEnv } from "../app-env.ts";
import { endpoint } from "../endpoint.ts";
import { recentReadiness } from "./recent.ts";

const LIVE = {
  operation: "service.live",
  summary: "Whether the Worker runs",
  scope: null,
  mutates: false,
  replies: { 200: { description: "It runs", schema: z.object({ status: z.literal("live") }) } },
} as const;

const ReadinessSchema = z.object({
  status: z.enum(["ready", "not_ready"]),
  checkedAt: z.int(),
  durability: z.enum(["replicated", "single-database"]),
  notPromised: z
    .array(z.string())
    .meta({ description: "What this deployment does not keep, in plain words" }),
  configuration: z
    .array(z.string())
    .meta({ description: "Bindings that cannot be used, in plain words" }),
  dependencies: z.array(
    z.object({
      name: z.string(),
      state: z.enum(["up", "down", "not_configured"]),
      latencyMs: z.number().nullable(),
      detail: z.string().optional(),
    }),
  ),
});

const RETRY_AFTER_MS = 1_000;

const READY = {
  operation: "service.ready",
  summary: "Whether everything the Worker depends on answers, at most a second ago",
  scope: null,
  mutates: false,
  replies: {
    200: { description: "All of it answers", schema: ReadinessSchema },
    503: {
      description: "Something does not; the same body says what",
      schema: ReadinessSchema.extend({ retryAfterMs: z.int() }),
      headers: { "Retry-After": "Whole seconds, at least 1" },
    },
  },
} as const;

export const healthRoutes = new Hono<AppEnv>()
  .get("/live", endpoint(LIVE), (c) => c.json({ status: "live" as const }))
  .get("/ready", endpoint(READY), async (c) => {
    const readiness = await recentReadiness(c.get("deps"));
    if (readiness.status === "ready") return c.json(readiness, 200);
    c.set("problemCode", "not_ready");
    const headers = { "Retry-After": String(RETRY_AFTER_MS / 1_000) };
    return c.json({ ...readiness, retryAfterMs: RETRY_AFTER_MS }, 503, headers);
  });
