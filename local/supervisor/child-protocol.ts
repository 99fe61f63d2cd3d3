/**
 * @module
 * What the supervisor and its Node children (gateway, neon-http, worker-host) say to each other over the
 * IPC channel of `fork`.
 *
 * 1. A child says `ready` once, when it serves, or `failed` with a text for people and then exits.
 * 2. Every request carries an `id`; its answer has the same `type` and `id`. One request, one answer.
 * 3. `faults` carries the whole wanted list. A fault that the child already has keeps its hits; a missing one
 *    is taken out; so the message may be sent again at any time (it is, after each restart of a child).
 * 4. A child whose channel disconnects has lost its supervisor: it closes its store and exits within 1 s.
 */
import type { Fault } from "../faults/fault.ts";

/** Requests served per target since the start of the process or the last reset. Units are in the names. */
export type TargetCounters = Readonly<Record<string, number>>;

export type SupervisorRequest =
  | { readonly type: "faults"; readonly id: number; readonly faults: readonly Fault[] }
  | { readonly type: "list-faults"; readonly id: number }
  | { readonly type: "counters"; readonly id: number }
  | { readonly type: "reset-counters"; readonly id: number };

export type ChildAnswer =
  | { readonly type: "faults"; readonly id: number }
  | {
      readonly type: "list-faults";
      readonly id: number;
      readonly faults: readonly Fault[];
      /** Ids of faults whose `count` ran out here. */
      readonly exhausted: readonly string[];
    }
  | {
      readonly type: "counters";
      readonly id: number;
      readonly counters: Readonly<Record<string, TargetCounters>>;
    }
  | { readonly type: "reset-counters"; readonly id: number };

export type ChildNotice =
  | {
      readonly type: "ready";
      readonly url?: string;
      readonly port?: number;
      /** The process that does the work, where it is not the child itself (workerd). */
      readonly workerPid?: number;
    }
  | { readonly type: "failed"; readonly message: string };

export type ChildMessage = ChildAnswer | ChildNotice;
