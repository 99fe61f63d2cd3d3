/**
 * @module
 * What the hub decides: whether a batch is new, and which row a subject is counted in.
 */
import { type Batch, OTHER, SUBJECTS_MAX } from "../../shared/metrics/totals.ts";

/** The one object of the class that a deployment uses. */
export const METRICS_HUB_NAME = "metrics";

/**
 * How long the hub remembers the batch numbers of a silent isolate. An isolate gives a batch up long
 * before (`BATCH_KEPT_MS`), so nothing that is forgotten here is ever sent again.
 */
export const SOURCE_KEPT_MS = 60 * 60_000;

/** Batches of one source are confirmed one by one, so all up to the last number have been added. */
export function isNewBatch(batch: Batch, lastSequence: number): boolean {
  return batch.sequence > lastSequence;
}

export function rowOf(subject: string, isKnown: boolean, subjects: number): string {
  return isKnown || subjects < SUBJECTS_MAX ? subject : OTHER;
}
