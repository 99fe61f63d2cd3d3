import { METRICS_HUB_NAME } from "../durable-objects/metrics-hub/ledger.ts";
import type { MetricsHub } from "../durable-objects/metrics-hub/metrics-hub.ts";

export type MetricsHubStub = Pick<DurableObjectStub<MetricsHub>, "add" | "read" | "ping">;

/** A way to a fresh stub (one that threw may stay broken), or null without the binding. */
export function metricsHubOf(env: Partial<Env>): (() => MetricsHubStub) | null {
  const namespace = env.METRICS_HUB as DurableObjectNamespace<MetricsHub> | undefined;
  return namespace === undefined ? null : () => namespace.getByName(METRICS_HUB_NAME);
}
