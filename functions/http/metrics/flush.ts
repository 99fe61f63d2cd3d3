/**
 * @module
 * When an isolate hands its counts to the hub: at most once in `FLUSH_EVERY_MS`, after a reply has left.
 *
 * The first request that counts something plans a flush in its own `waitUntil`, so that also the counts
 * of traffic that stopped are delivered; requests until then find it planned and do nothing. No promise is
 * shared between requests: where two flushes meet, both send the same batch, and the hub counts it once.
 */
import type { Clock, Sleep } from "../../../shared/kernel/time.ts";
import type { Batch } from "../../../shared/metrics/totals.ts";
import type { Delivery } from "./delivery.ts";

const FLUSH_EVERY_MS = 1_000;

/** After failures; the next request plans the next flush. The platform ends work after a reply at 30 s. */
const FLUSH_EVERY_MS_MAX = 15_000;

/** A flush whose request was cut off by the platform never runs; after this long another one is planned. */
const PLAN_KEPT_MS = 5_000;

/** The unconfirmed batch, and what was counted while it was under way. */
const BATCHES_PER_FLUSH_MAX = 2;

/** The part of the hub that a flush needs. */
export interface BatchSink {
  add(batch: Batch): Promise<unknown>;
}

export interface MetricsFlush {
  /** Plans a flush unless one is planned. Call it after counting. */
  plan(waitUntil: (work: Promise<unknown>) => void): void;
  /** Delivers now what has been counted until now. @throws whatever the hub threw */
  now(): Promise<void>;
}

export interface FlushParts {
  readonly delivery: Delivery;
  /** A fresh stub for each flush: one that threw may stay broken. */
  readonly sink: () => BatchSink;
  readonly clock: Clock;
  readonly sleep: Sleep;
}

export function metricsFlush({ delivery, sink, clock, sleep }: FlushParts): MetricsFlush {
  let plannedUntilMs = 0;
  let failures = 0;

  const now = async () => {
    plannedUntilMs = 0;
    const hub = sink();
    for (let sent = 0; sent < BATCHES_PER_FLUSH_MAX; sent += 1) {
      const batch = delivery.next(clock());
      if (batch === null) return;
      await hub.add(batch);
      delivery.confirmed(batch.sequence);
    }
  };

  const later = async (delayMs: number) => {
    await sleep(delayMs);
    try {
      await now();
      failures = 0;
    } catch {
      failures += 1;
    }
  };

  return {
    now,
    plan(waitUntil) {
      const nowMs = clock();
      if (nowMs < plannedUntilMs) return;
      const delayMs = Math.min(FLUSH_EVERY_MS * 2 ** Math.min(failures, 10), FLUSH_EVERY_MS_MAX);
      plannedUntilMs = nowMs + delayMs + PLAN_KEPT_MS;
      waitUntil(later(delayMs));
    },
  };
}
