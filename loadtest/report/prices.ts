/**
 * @module
 * What a million requests would cost in a deployment: list prices beyond the included amounts, and what
 * the run counted. An estimate; the platform's CPU is not this machine's.
 */
import type { TierSummary } from "../statistics/run-summary.ts";

export const PRICES = {
  /** Cloudflare Workers, Standard usage model. */
  workersRequestsUsdPerMillion: 0.3,
  workersCpuUsdPerMillionMs: 0.02,
  /** Upstash Redis, pay as you go; a command in a script counts as one. */
  redisCommandsUsdPerHundredThousand: 0.2,
  source: "developers.cloudflare.com/workers/platform/pricing and upstash.com/pricing",
  asOf: "November 2026",
} as const;

export interface CostPerMillion {
  readonly requestsUsd: number;
  readonly cpuUsd: number;
  readonly redisUsd: number;
  readonly totalUsd: number;
}

export interface StoreUse {
  /** Billed Redis commands of one request. */
  readonly redisCommands: number;
  /** SQL statements of one request; Neon bills compute time, not statements. */
  readonly sqlStatements: number;
}

const POSTGRES_ID = "postgres";

/** `null` when the stores were not counted. */
export function storeUse({ measurement, summary }: TierSummary): StoreUse | null {
  if (measurement.stores === null || summary.count === 0) return null;
  const commands = (isPostgres: boolean) =>
    (measurement.stores ?? [])
      .filter((store) => (store.id === POSTGRES_ID) === isPostgres)
      .reduce((sum, store) => sum + store.commands, 0) / summary.count;
  return { redisCommands: commands(false), sqlStatements: commands(true) };
}

/** `null` when CPU or stores were not measured. */
export function costPerMillion(tier: TierSummary): CostPerMillion | null {
  const use = storeUse(tier);
  const workerCpuUs = tier.summary.cpuUsPerRequest.get("worker");
  if (use === null || workerCpuUs === undefined) return null;
  const requestsUsd = PRICES.workersRequestsUsdPerMillion;
  const cpuUsd = (workerCpuUs / 1_000) * PRICES.workersCpuUsdPerMillionMs;
  const redisUsd = use.redisCommands * 10 * PRICES.redisCommandsUsdPerHundredThousand;
  return { requestsUsd, cpuUsd, redisUsd, totalUsd: requestsUsd + cpuUsd + redisUsd };
}
