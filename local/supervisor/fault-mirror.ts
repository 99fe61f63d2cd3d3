/**
 * @module
 * Keeps a child's fault engine equal to the supervisor's list, under the supervisor's ids.
 *
 * 1. A fault that stays on the list keeps its hits, skips and dice.
 * 2. A fault whose `count` ran out is not brought back by the next sync; it is told as exhausted.
 */
import type { Fault, FaultSpec } from "../faults/fault.ts";

/** The part of the fault engine that the mirror needs. */
export interface FaultStore {
  add(spec: FaultSpec): Fault;
  remove(id: string): boolean;
  list(): readonly Fault[];
}

export class FaultMirror {
  readonly #store: FaultStore;
  /** Supervisor's id -> engine's id. */
  readonly #engineIds = new Map<string, string>();

  constructor(store: FaultStore) {
    this.#store = store;
  }

  sync(wanted: readonly Fault[]): void {
    const wantedIds = new Set(wanted.map((fault) => fault.id));
    for (const [id, engineId] of this.#engineIds) {
      if (wantedIds.has(id)) continue;
      this.#store.remove(engineId);
      this.#engineIds.delete(id);
    }
    for (const { id, hits: _hits, ...spec } of wanted) {
      if (!this.#engineIds.has(id)) this.#engineIds.set(id, this.#store.add(spec).id);
    }
  }

  /** The faults still in force, with their hits, under the supervisor's ids. */
  list(): readonly Fault[] {
    const live = new Map(this.#store.list().map((fault) => [fault.id, fault]));
    const faults: Fault[] = [];
    for (const [id, engineId] of this.#engineIds) {
      const fault = live.get(engineId);
      if (fault) faults.push({ ...fault, id });
    }
    return faults;
  }

  exhausted(): readonly string[] {
    const live = new Set(this.#store.list().map((fault) => fault.id));
    return [...this.#engineIds].flatMap(([id, engineId]) => (live.has(engineId) ? [] : [id]));
  }
}
