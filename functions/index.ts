import { createApp } from "./app.ts";
import { runCronJobs } from "./cron.ts";
import { CRON_JOBS } from "./cron-jobs.ts";
import { createDepsFor } from "./deps.ts";

export { MetricsHub } from "../durable-objects/metrics-hub/metrics-hub.ts";
export { StreamMonitor } from "../durable-objects/stream-monitor/stream-monitor.ts";

const depsFor = createDepsFor();

export default {
  fetch: createApp(depsFor).fetch,
  scheduled: (_controller, env, ctx) =>
    runCronJobs(CRON_JOBS, depsFor, { env, waitUntil: (work) => ctx.waitUntil(work) }),
} satisfies ExportedHandler<Env>;
