/**
 * @module
 * What runs by the clock instead of by a request. The platform may run a tick late, twice or not at all,
 * and two ticks may overlap, so a job is one bounded piece of work that is safe to repeat.
 */
import type { Config } from "./config.ts";
import type { Deps, DepsFor, Stores } from "./deps.ts";
import { logFailure } from "./http/log.ts";
import type { BackgroundOutcome } from "./http/metrics/registry.ts";
import { NotConfigured } from "./http/not-configured.ts";

/** The deadline of one job; the next tick comes after a minute. */
export const CRON_JOB_MS = 20_000;

export interface CronJob {
  /** `pattern.verb`, as in metrics and log lines. */
  readonly operation: string;
  readonly run: (stores: Stores, config: Config) => Promise<unknown>;
}

export interface Tick {
  readonly env: Env;
  readonly waitUntil: (work: Promise<unknown>) => void;
}

/** Runs every job with stores and a deadline of its own. A job that fails is logged and hinders no other. */
export async function runCronJobs(
  jobs: readonly CronJob[],
  depsFor: DepsFor,
  { env, waitUntil }: Tick,
): Promise<void> {
  await Promise.all(
    jobs.map(async ({ operation, run }) => {
      const scope = { deadlineMs: CRON_JOB_MS, waitUntil, operation: () => operation };
      const deps = depsFor(env, scope);
      const outcome = await outcomeOf(deps, operation, run);
      const { metrics, flush } = deps.isolate;
      metrics.countBackground(operation, outcome, deps.traffic.spent().requests);
      flush?.plan(waitUntil);
    }),
  );
}

async function outcomeOf(
  deps: Deps,
  operation: string,
  run: CronJob["run"],
): Promise<BackgroundOutcome> {
  try {
    await run(deps, deps.config);
    return "done";
  } catch (error) {
    if (error instanceof NotConfigured) return "not_configured";
    logFailure({ requestId: deps.requestId, operation, code: "job_failed", error });
    return "failed";
  }
}
