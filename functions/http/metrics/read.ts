import { sleep } from "../../../shared/kernel/time.ts";
import type { Totals } from "../../../shared/metrics/totals.ts";
import type { Stores } from "../../deps.ts";
import type { Isolate } from "../../isolate.ts";
import { callObject } from "../../object-call.ts";
import { NotConfigured } from "../not-configured.ts";

/** Bound of one call to the hub. */
const HUB_CALL_MS = 1_000;

/** Everything ever counted, this isolate's counts until now included. @throws UpstreamError, NotConfigured */
export async function metricsTotals(
  { metricsHub, flush }: Pick<Isolate, "metricsHub" | "flush">,
  { traffic, attempts: { deadline } }: Stores,
): Promise<Totals> {
  if (metricsHub === null || flush === null) throw new NotConfigured("METRICS_HUB is not bound.");
  const scope = { traffic, deadline, sleep };
  const options = { timeoutMs: HUB_CALL_MS, outcome: "not_applied" } as const;
  await callObject(scope, options, () => flush.now());
  return await callObject(scope, options, () => metricsHub().read());
}
