import { sleep } from "../../../shared/kernel/time.ts";
import type { Totals } from "../../../shared/metrics/totals.ts";
import type { Stores } from "../../deps.ts";
import type { Isolate } from "../../isolate.ts";
import type { MetricsHubStub } from "../../metrics-hub-stub.ts";
import { callObject } from "../../object-call.ts";
import { NotConfigured } from "../not-configured.ts";

/** Bound of one call to the hub. */
const HUB_CALL_MS = 1_000;

const EVENT = "event:";

/** Everything ever counted, this isolate's counts until now included. @throws UpstreamError, NotConfigured */
export function metricsTotals(isolate: Isolate, stores: Stores): Promise<Totals> {
  return readHub(isolate, stores, (hub) => hub.read());
}

/** The events of one subject by name. @throws UpstreamError, NotConfigured */
export async function eventTotals(
  isolate: Isolate,
  stores: Stores,
  subject: string,
): Promise<Readonly<Record<string, number>>> {
  const counters = await readHub(isolate, stores, (hub) => hub.readSubject(subject));
  return Object.fromEntries(
    Object.entries(counters)
      .filter(([name]) => name.startsWith(EVENT))
      .map(([name, count]) => [name.slice(EVENT.length), count]),
  );
}

async function readHub<Reply>(
  { metricsHub, flush }: Isolate,
  { traffic, attempts: { deadline } }: Stores,
  read: (hub: MetricsHubStub) => Promise<Reply>,
): Promise<Reply> {
  if (metricsHub === null || flush === null) throw new NotConfigured("METRICS_HUB is not bound.");
  const scope = { traffic, deadline, sleep };
  const options = { timeoutMs: HUB_CALL_MS, outcome: "not_applied" } as const;
  await callObject(scope, options, () => flush.now());
  return await callObject(scope, options, () => read(metricsHub()));
}
