import { cacheAsideJobs } from "./cache-aside/upkeep.ts";
import type { CronJob } from "./cron.ts";

/** Every job of every pattern, run at each tick of `[triggers]` in wrangler.toml. */
export const CRON_JOBS: readonly CronJob[] = [...cacheAsideJobs];
