/**
 * @module
 * What goes wrong with this request? Holds the faults of the whole stack and decides, request by
 * request, which of them hit.
 *
 * Invariants:
 *
 * 1. Deciding is synchronous and seeded: the same faults and the same requests in the same order
 *    give the same plans.
 * 2. Faults on one target combine, in the order a request meets them: `refuse`, every `delay`,
 *    `drop-request`, `error`, then what happens once it was applied. A fault behind one that ended
 *    the request is not asked: its `skip`, `count` and dice stay as they were.
 * 3. A fault with a `count` is gone from the list with its last hit.
 * 4. `lag` never hits a request: whoever carries the replication stream reads `lagMs`.
 */
import { dice } from "./dice.ts";
import { FAULTS_MAX, type Fault, type FaultKind, type FaultSpec } from "./fault.ts";
import { DELAY_DEFAULT_MS, FaultSpecError, parseFaultSpec } from "./fault-spec.ts";

const EVERY_TARGET = "*";

/** A store that faults can aim at. */
export interface FaultTarget {
  readonly id: string;
  /** Whether it is a replica behind a relay, the only kind of store that can lag. */
  readonly canLag: boolean;
}

/** What to do with one request that was read. */
export interface FaultPlan {
  /** Time to hold it before anything else; 0 for none. */
  readonly delayMs: number;
  /** Whether the request reaches the store, and if not, what its sender sees. */
  readonly fate:
    | { readonly kind: "apply" }
    | { readonly kind: "drop" }
    | { readonly kind: "error"; readonly status: number; readonly message: string };
  /** When set, it is applied once more so long after the first time. */
  readonly duplicateAfterMs: number | null;
  readonly delayResponseMs: number;
  readonly reply: "send" | "drop" | "garbage";
}

interface Held {
  readonly spec: FaultSpec;
  readonly id: string;
  readonly roll: () => number;
  seen: number;
  hits: number;
}

export class FaultEngine {
  readonly #targets: readonly FaultTarget[] | null;
  #held: readonly Held[] = [];
  #lastId = 0;

  /** With `targets`, a fault that aims at anything else is refused; without, any name is taken. */
  constructor(options: { readonly targets?: readonly FaultTarget[] } = {}) {
    this.#targets = options.targets ?? null;
  }

  /** Starts injecting. Returns the fault with its id and defaults; throws `FaultSpecError`. */
  add(input: unknown): Fault {
    const spec = parseFaultSpec(input);
    this.#checkTarget(spec);
    if (this.#held.length >= FAULTS_MAX) {
      throw new FaultSpecError([
        { at: "fault", message: `at most ${FAULTS_MAX} at once: remove one first` },
      ]);
    }
    this.#lastId += 1;
    const held = {
      spec,
      id: `fault-${this.#lastId}`,
      roll: dice(spec.seed ?? 1),
      seen: 0,
      hits: 0,
    };
    this.#held = [...this.#held, held];
    return described(held);
  }

  /** Returns whether there was one with this id. */
  remove(id: string): boolean {
    const left = this.#held.filter((held) => held.id !== id);
    const found = left.length < this.#held.length;
    this.#held = left;
    return found;
  }

  /** Ends every fault, or those whose target is exactly `target`. Returns how many ended. */
  clear(target?: string): number {
    const left =
      target === undefined ? [] : this.#held.filter((held) => held.spec.target !== target);
    const ended = this.#held.length - left.length;
    this.#held = left;
    return ended;
  }

  /** In the order they were added. */
  list(): readonly Fault[] {
    return this.#held.map(described);
  }

  /** Asked before a request is read: is its connection to be destroyed? */
  refuses(target: string): boolean {
    return this.#held.length > 0 && this.#hit("refuse", target, "").length > 0;
  }

  /**
   * Asked once for each request that was read. `label` is its first command's name or its first
   * word of SQL, in any case. `null` means that nothing goes wrong.
   */
  decide(target: string, label: string): FaultPlan | null {
    if (this.#held.length === 0) return null;
    const delays = this.#hit("delay", target, label);
    const before = { ...UNHARMED, delayMs: sumMs(delays) };
    if (this.#hit("drop-request", target, label).length > 0) {
      return { ...before, fate: { kind: "drop" } };
    }
    const error = this.#hit("error", target, label)[0];
    if (error !== undefined) {
      const { status = 500, message = "ERR injected fault" } = error;
      return { ...before, fate: { kind: "error", status, message } };
    }
    const duplicates = this.#hit("duplicate", target, label);
    const late = this.#hit("delay-response", target, label);
    const dropped = this.#hit("drop-response", target, label).length > 0;
    const garbled = !dropped && this.#hit("garbage", target, label).length > 0;
    if (delays.length + duplicates.length + late.length === 0 && !dropped && !garbled) return null;
    return {
      ...before,
      duplicateAfterMs: duplicates.length === 0 ? null : sumMs(duplicates),
      delayResponseMs: sumMs(late),
      reply: dropped ? "drop" : garbled ? "garbage" : "send",
    };
  }

  /** How far behind its primary this replica is to stay now; 0 for not at all. */
  lagMs(target: string): number {
    return sumMs(
      this.#held
        .map((held) => held.spec)
        .filter((spec) => spec.kind === "lag" && aims(spec, target)),
    );
  }

  #hit(kind: FaultKind, target: string, label: string): readonly FaultSpec[] {
    const hits: FaultSpec[] = [];
    for (const held of this.#held) {
      const { spec } = held;
      if (spec.kind !== kind || !aims(spec, target) || !names(spec, label)) continue;
      held.seen += 1;
      if (held.seen <= (spec.skip ?? 0)) continue;
      if (held.roll() >= (spec.probability ?? 1)) continue;
      held.hits += 1;
      hits.push(spec);
      if (held.hits === spec.count) this.remove(held.id);
    }
    return hits;
  }

  #checkTarget(spec: FaultSpec): void {
    if (this.#targets === null) return;
    const able = this.#targets.filter(({ canLag }) => spec.kind !== "lag" || canLag);
    if (able.length > 0 && spec.target === EVERY_TARGET) return;
    if (able.some(({ id }) => id === spec.target)) return;
    const choices = [...able.map(({ id }) => id), ...(able.length > 0 ? [EVERY_TARGET] : [])];
    throw new FaultSpecError([
      { at: "target", message: `${spec.kind} can aim at ${choices.join(", ") || "nothing here"}` },
    ]);
  }
}

const UNHARMED: FaultPlan = {
  delayMs: 0,
  fate: { kind: "apply" },
  duplicateAfterMs: null,
  delayResponseMs: 0,
  reply: "send",
};

function aims(spec: FaultSpec, target: string): boolean {
  return spec.target === EVERY_TARGET || spec.target === target;
}

function names(spec: FaultSpec, label: string): boolean {
  return spec.command === undefined || spec.command.toLowerCase() === label.toLowerCase();
}

function sumMs(specs: readonly FaultSpec[]): number {
  return specs.reduce((sum, { delayMs }) => sum + (delayMs ?? DELAY_DEFAULT_MS), 0);
}

function described({ spec, id, hits }: Held): Fault {
  return { ...spec, id, hits };
}
