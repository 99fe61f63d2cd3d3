import { Hono } from "hono";
import * as z from "zod";
import type { AppEnv } from "../app-env.ts";
import { endpoint } from "../endpoint.ts";
import { PROMETHEUS_TYPE, prometheusText } from "./prometheus.ts";
import { metricsTotals } from "./read.ts";

const METRICS = {
  operation: "service.metrics",
  summary: "Counts and latencies of all isolates, as Prometheus text, at most about a second old",
  scope: "read",
  mutates: false,
  replies: {
    200: { description: "The text", contentType: "text/plain", schema: z.string() },
  },
  problems: { 503: ["durable_object_unavailable"], 504: ["deadline"] },
} as const;

export const metricsRoutes = new Hono<AppEnv>().get("/metrics", endpoint(METRICS), async (c) => {
  const deps = c.get("deps");
  const totals = await metricsTotals(deps.isolate, deps);
  return c.body(prometheusText(totals), 200, { "Content-Type": PROMETHEUS_TYPE });
});
