/**
 * @module
 * What can go wrong between a client and a store, as data. Both wire dialects (redis-http and
 * neon-http) ask one `FaultEngine` what to do with each request; the control endpoint edits it.
 */

/**
 * - `refuse`: the TCP connection is destroyed before anything is read.
 * - `drop-request`: the connection is destroyed after the request was read, before it is applied.
 * - `drop-response`: the request is applied, then the connection is destroyed without a reply.
 * - `delay`: the request is held for `delayMs` before it is applied.
 * - `delay-response`: the request is applied, its reply is held for `delayMs`.
 * - `duplicate`: the request is applied a second time after `delayMs`; the client sees the first reply.
 * - `error`: the request is not applied; the reply is `status` with `message` as the store's error.
 * - `garbage`: the request is applied; the reply is status 200 with a body that is not JSON.
 * - `lag`: the replica's data stays `delayMs` behind its primary (replicas only).
 */
export const FAULT_KINDS = [
  "refuse",
  "drop-request",
  "drop-response",
  "delay",
  "delay-response",
  "duplicate",
  "error",
  "garbage",
  "lag",
] as const;

/** At once. */
export const FAULTS_MAX = 100;

export type FaultKind = (typeof FAULT_KINDS)[number];

export interface FaultSpec {
  /** A node id of the stack (`main`, `node-1`, `shard-1-replica-1`, …), `postgres`, or `*`. */
  readonly target: string;
  readonly kind: FaultKind;
  /** Chance of each matching request to be hit, 0 to 1. Default 1. */
  readonly probability?: number;
  /** How many requests are hit before the fault removes itself. Default: unlimited. */
  readonly count?: number;
  /** How many matching requests pass before the first is hit. Default 0. */
  readonly skip?: number;
  /** Seed of the fault's own dice, so that a run can be repeated. Default 1. */
  readonly seed?: number;
  /** Default 1,000; at most 60,000. */
  readonly delayMs?: number;
  /** HTTP status of `error`. Default 500. */
  readonly status?: number;
  /** Error text of `error`. */
  readonly message?: string;
  /** Only requests whose label (first command's name, or first word of the SQL) equals this. */
  readonly command?: string;
}

export interface Fault extends FaultSpec {
  readonly id: string;
  /** How often it has hit so far. */
  readonly hits: number;
}
