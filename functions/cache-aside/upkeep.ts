/**
 * @module
 * What the pattern needs done by the clock: invalidations that no request could finish, and tombstones that
 * nobody can write to any more.
 */
import type { CronJob } from "../cron.ts";
import { installed, installState } from "./installed.ts";
import { COLLECT_MAX, collectTombstones } from "./items.ts";
import { drainOutbox } from "./outbox.ts";

const COLLECT_ROUNDS_MAX = 20;

export const cacheAsideUpkeep: CronJob = {
  operation: "cache-aside.upkeep",
  async run({ redis, postgres: raw, attempts }, { instance }) {
    const postgres = installed(raw, installState(), attempts);
    await drainOutbox({ redis, postgres, attempts }, instance);
    for (let round = 0; round < COLLECT_ROUNDS_MAX; round += 1) {
      if ((await collectTombstones(postgres, instance)) < COLLECT_MAX) break;
    }
  },
};
