/**
 * @module
 * Asks every dependency whether it answers: all at once (six at a time on the wire), each within `PROBE_MS`.
 */
import { deadlineAfter } from "../../../shared/kernel/deadline.ts";
import { UpstreamError } from "../../../shared/kernel/errors.ts";
import { sleep } from "../../../shared/kernel/time.ts";
import type { Deps } from "../../deps.ts";
import { callObject } from "../../object-call.ts";
import type { DependencyState } from "./readiness.ts";

/** Bound of one question. */
export const PROBE_MS = 1_000;

/** Bound of all together. The caller's deadline does not count: others read what is found here. */
export const PROBE_ALL_MS = 3_000;

export async function probeAll({ isolate, traffic, clock }: Deps): Promise<DependencyState[]> {
  const { faults } = isolate.config;
  const scope = { traffic, deadline: deadlineAfter(clock, PROBE_ALL_MS) };
  const timeout = { timeoutMs: PROBE_MS };
  const redis = [...isolate.redisByName].map(([name, database]) =>
    probe(name, () => database.port(scope).command(["PING"], timeout)),
  );
  const missing = [
    isolate.redis === null ? unusable("redis", faults.redis) : null,
    faults.redisNodes === null ? null : unusable("node/*", faults.redisNodes),
    faults.redisShards === null ? null : unusable("shard/*", faults.redisShards),
    isolate.postgres === null ? unusable("postgres", faults.postgres) : null,
    isolate.metricsHub === null ? unusable("metrics-hub", "METRICS_HUB is not bound.") : null,
  ].filter((state) => state !== null);
  const { postgres, metricsHub } = isolate;
  const others = [
    ...(postgres === null
      ? []
      : [probe("postgres", () => postgres.port(scope).query("SELECT 1", [], timeout))]),
    ...(metricsHub === null
      ? []
      : [
          probe("metrics-hub", () =>
            callObject({ ...scope, sleep }, { ...timeout, outcome: "not_applied" }, () =>
              metricsHub().ping(),
            ),
          ),
        ]),
  ];
  return [...(await Promise.all([...redis, ...others])), ...missing];
}

async function probe(name: string, ask: () => Promise<unknown>): Promise<DependencyState> {
  const startedAtMs = performance.now();
  try {
    await ask();
    return { name, state: "up", latencyMs: sinceMs(startedAtMs) };
  } catch (error) {
    const detail = error instanceof UpstreamError ? saidOf(error) : "internal";
    return { name, state: "down", latencyMs: sinceMs(startedAtMs), detail };
  }
}

function saidOf({ fault, storeCode }: UpstreamError): string {
  return storeCode === null ? fault : `${fault} ${storeCode}`;
}

function sinceMs(startedAtMs: number): number {
  return Math.round((performance.now() - startedAtMs) * 10) / 10;
}

function unusable(name: string, detail: string | null): DependencyState {
  const said = detail === null ? {} : { detail };
  return { name, state: "not_configured", latencyMs: null, ...said };
}
