/**
 * @module
 * What the pattern needs done by the clock: invalidations that no request could finish, and tombstones that
 * nobody can write to any more. Two jobs, because the first needs Redis and the second must go on without it.
 */
import type { CronJob } from "../cron.ts";
import { installed, installState } from "./installed.ts";
import { COLLECT_MAX, collectTombstones } from "./items.ts";
import { drainOutbox } from "./outbox.ts";

const COLLECT_ROUNDS_MAX = 400;

/** With less time left no further round begins. */
const COLLECT_ROUND_MS = 2_000;

const drain: CronJob = {
  operation: "cache-aside.drain",
  async run({ redis, postgres, attempts }, { instance }) {
    const stores = { redis, postgres: installed(postgres, installState(), attempts), attempts };
    await drainOutbox(stores, instance);
  },
};

const collect: CronJob = {
  operation: "cache-aside.collect",
  async run({ postgres: raw, attempts }, { instance }) {
    const postgres = installed(raw, installState(), attempts);
    for (let round = 0; round < COLLECT_ROUNDS_MAX; round += 1) {
      if (attempts.deadline.remainingMs() < COLLECT_ROUND_MS) break;
      if ((await collectTombstones(postgres, instance)) < COLLECT_MAX) break;
    }
  },
};

export const cacheAsideJobs: readonly CronJob[] = [drain, collect];
