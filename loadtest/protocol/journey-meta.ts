/**
 * @module
 * What a journey tells the lab about itself, as data. The runner, the report and the selection guide
 * know a pattern through this and nothing else, so a new pattern needs one new journey file.
 */
import type { PatternId } from "../../shared/patterns.ts";

/**
 * How much a reader may rely on, strongest first. The first two are judged key by key over the whole history
 * of a load, so that the name is verified and not only declared; the others leave it to the journey's `verify`:
 * - `linearizable`: every read sees the last acknowledged write, and all readers agree on the order;
 * - `fresh`: no read is older than the last write acknowledged before it began;
 * - `session`: a caller sees its own writes and never goes back;
 * - `eventual`: copies agree some time after the last write.
 */
export const CONSISTENCY_LEVELS = ["linearizable", "fresh", "session", "eventual"] as const;

export type ConsistencyLevel = (typeof CONSISTENCY_LEVELS)[number];

export interface OperationMeta {
  readonly id: string;
  readonly label: string;
  readonly kind: "read" | "write";
  /** Part of the requests that are this operation, 0 to 1; the shares of a journey add up to 1. */
  readonly share: number;
  /** Billed store commands of one request in a cold store (an upper estimate), for what is said before a run against a real deployment. */
  readonly storeCommands: number;
}

export interface JourneyMeta {
  readonly pattern: PatternId;
  /** The workload in one sentence: mix, key distribution, sizes. */
  readonly workload: string;
  /** What the end of the run verifies, in one sentence. */
  readonly verifies: string;
  readonly consistency: ConsistencyLevel;
  readonly operations: readonly OperationMeta[];
  /** Requests that one setup, verification and removal send besides the measured ones (an upper estimate). */
  readonly sideRequests: number;
  /** Billed store commands of all of these together (an upper estimate): a batch of a hundred is one request. */
  readonly sideCommands: number;
}
