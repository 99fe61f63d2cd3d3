/**
 * @module
 * Whether the deployment can serve: what each thing it depends on says, and what it does not promise.
 */
import type { Config } from "../../config.ts";

export interface DependencyState {
  /** `redis`, `node/…`, `shard/…/primary`, `shard/…/replica/…`, `postgres`, `metrics-hub`. */
  readonly name: string;
  readonly state: "up" | "down" | "not_configured";
  /** Null when it was not asked. */
  readonly latencyMs: number | null;
  /** Why it is not up, in words. */
  readonly detail?: string;
}

export interface Readiness {
  readonly status: "ready" | "not_ready";
  readonly checkedAt: number;
  readonly durability: Config["durability"];
  /** What a caller might expect and this deployment does not keep, in plain words. */
  readonly notPromised: readonly string[];
  /** Bindings that cannot be used, in plain words. */
  readonly configuration: readonly string[];
  readonly dependencies: readonly DependencyState[];
}

const SINGLE_DATABASE = [
  "coordinator-ring, quorum-consistency and distributed-lock run on logical nodes inside one Redis database: they stay consistent while that database keeps its data, but no node can fail alone and nothing survives the loss of the database.",
  "sharding-replica keeps all its shards in that one database: it spreads no load and has no replica to read from or fail over to.",
  "Set REDIS_NODES and REDIS_SHARDS to get what these patterns promise.",
];

export function readinessOf(
  config: Config,
  dependencies: readonly DependencyState[],
  checkedAtMs: number,
): Readiness {
  const configuration = Object.values(config.faults).filter((fault) => fault !== null);
  const { instance, apiKeys } = config.faults;
  const isReady =
    instance === null && apiKeys === null && dependencies.every(({ state }) => state === "up");
  return {
    status: isReady ? "ready" : "not_ready",
    checkedAt: checkedAtMs,
    durability: config.durability,
    notPromised: config.durability === "single-database" ? SINGLE_DATABASE : [],
    configuration,
    dependencies,
  };
}
