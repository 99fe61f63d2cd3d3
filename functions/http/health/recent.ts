/**
 * @module
 * Readiness that anyone may ask for as often as they like: an isolate asks its dependencies at most once in
 * `READINESS_MS`, however many requests arrive.
 *
 * A request that finds another one asking looks for the answer every `LOOK_AGAIN_MS`; it cannot wait for the
 * other's promise, which the platform cancels together with the other request.
 */
import { sleep } from "../../../shared/kernel/time.ts";
import type { Deps } from "../../deps.ts";
import { PROBE_ALL_MS, probeAll } from "./probe.ts";
import { type Readiness, readinessOf } from "./readiness.ts";

const READINESS_MS = 1_000;
const LOOK_AGAIN_MS = 20;
const LOOKS_MAX = (PROBE_ALL_MS + 200) / LOOK_AGAIN_MS;

export async function recentReadiness(deps: Deps): Promise<Readiness> {
  const { caches, clock, isolate } = deps;
  const found = caches.named<Readiness>("readiness", { entriesMax: 1, ttlMs: READINESS_MS });
  const asking = caches.named<true>("readiness-asking", { entriesMax: 1, ttlMs: PROBE_ALL_MS });
  for (let look = 0; look < LOOKS_MAX; look += 1) {
    const known = found.get("", clock());
    if (known !== undefined) return known;
    if (asking.get("", clock()) === undefined) break;
    await sleep(LOOK_AGAIN_MS);
  }
  asking.set("", true, clock());
  const readiness = readinessOf(isolate.config, await probeAll(deps), clock());
  found.set("", readiness, clock());
  asking.delete("");
  return readiness;
}
