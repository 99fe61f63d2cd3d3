/**
 * @module
 * Handing an isolate's counts to the hub, each exactly once as long as the isolate lives.
 *
 * Invariants:
 *
 * 1. One batch is under way at a time; it keeps its number until the hub has confirmed it. The hub ignores
 *    a number it has seen, so that a batch may be sent twice, also from two requests at once.
 * 2. A batch that the hub has not confirmed for `BATCH_KEPT_MS` is given up and counted as lost, because
 *    by then the hub may have forgotten the numbers it has seen. Counts may be lost, never doubled.
 */
import type { Batch } from "../../../shared/metrics/totals.ts";
import type { MetricsRegistry } from "./registry.ts";

/** Well below the hub's memory of batch numbers (`SOURCE_KEPT_MS`). */
export const BATCH_KEPT_MS = 10 * 60_000;

/** What cannot be ascribed to an operation. */
const METRICS_SUBJECT = "metrics";

export interface Delivery {
  /** The batch to send now: the unconfirmed one, else what was counted since. Null when there is none. */
  next(nowMs: number): Batch | null;
  confirmed(sequence: number): void;
}

export function delivery(source: string, registry: MetricsRegistry): Delivery {
  let sequence = 0;
  let underWay: { readonly batch: Batch; readonly sinceMs: number } | null = null;
  return {
    next(nowMs) {
      if (underWay !== null && nowMs - underWay.sinceMs >= BATCH_KEPT_MS) {
        registry.countEvent(METRICS_SUBJECT, "batches_lost");
        underWay = null;
      }
      if (underWay !== null) return underWay.batch;
      const delta = registry.drain();
      if (delta === null) return null;
      sequence += 1;
      underWay = { batch: { source, sequence, delta }, sinceMs: nowMs };
      return underWay.batch;
    },
    confirmed(confirmedSequence) {
      if (underWay?.batch.sequence === confirmedSequence) underWay = null;
    },
  };
}
