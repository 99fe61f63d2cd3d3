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

/** Of one request; `null` where a store was not counted. */
export interface StoreUse {
  /** Billed Redis commands. */
  readonly redisCommands: number | null;
  /** Neon bills compute time, not statements. */
  readonly sqlStatements: number | null;
}

const POSTGRES_ID = "postgres";

export function storeUse({ measurement, summary }: TierSummary): StoreUse {
  const { stores } = measurement;
  if (stores === null || summary.count === 0) return { redisCommands: null, sqlStatements: null };
  const perRequest = (isPostgres: boolean) => {
    const counts = stores
      .filter((store) => (store.id === POSTGRES_ID) === isPostgres)
      .map((store) => store.commands);
    return counts.reduce<number | null>(
      (sum, commands) =>
        sum === null || commands === null ? null : sum + commands / summary.count,
      0,
    );
  };
  return { redisCommands: perRequest(false), sqlStatements: perRequest(true) };
}

/** `null` when the Worker's CPU or the Redis commands were not measured. */
export function costPerMillion(tier: TierSummary): CostPerMillion | null {
  const { redisCommands } = storeUse(tier);
  const workerCpuUs = tier.summary.cpuUsPerRequest.get("worker");
  if (redisCommands === null || workerCpuUs === undefined) return null;
  const requestsUsd = PRICES.workersRequestsUsdPerMillion;
  const cpuUsd = (workerCpuUs / 1_000) * PRICES.workersCpuUsdPerMillionMs;
  const redisUsd = redisCommands * 10 * PRICES.redisCommandsUsdPerHundredThousand;
  return { requestsUsd, cpuUsd, redisUsd, totalUsd: requestsUsd + cpuUsd + redisUsd };
}
