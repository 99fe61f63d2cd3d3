/**
 * @module
 * The faults of the stack: one list here, carried out in the gateway (every Redis) and in neon-http (Postgres).
 *
 * 1. A fault is in force when `add` resolves, unless its process is down; then it is from the moment that is back.
 * 2. The list survives a restart of either process; there each fault then counts its hits from zero.
 * 3. A fault that has hit as often as it may is taken off the list when that is read, when it would be full, and
 *    before a process is taken down on request, so that it does not hit anew afterwards.
 * 4. `*` aims at both processes, and each counts for itself.
 */
import type { FaultEngine, FaultTarget } from "../faults/engine.ts";
import { FAULTS_MAX, type Fault } from "../faults/fault.ts";
import type { ManagedProcess } from "./managed-process.ts";

/** A process that carries faults out. */
export type FaultCarrier = Pick<ManagedProcess, "ask">;

const EVERY_TARGET = "*";
const POSTGRES = "postgres";

export class FaultBoard {
  readonly #targets: readonly FaultTarget[];
  readonly #gateway: FaultCarrier;
  readonly #postgres: FaultCarrier;
  #rules: FaultEngine | null = null;
  #faults: readonly Fault[] = [];

  constructor(
    redisTargets: readonly FaultTarget[],
    processes: { readonly gateway: FaultCarrier; readonly postgres: FaultCarrier },
  ) {
    this.#targets = [...redisTargets, { id: POSTGRES, canLag: false }];
    this.#gateway = processes.gateway;
    this.#postgres = processes.postgres;
  }

  /** Throws `FaultSpecError` for anything that is not a fault of this stack. */
  async add(spec: unknown): Promise<Fault> {
    if (this.#faults.length >= FAULTS_MAX) await this.forgetExhausted();
    const fault = (await this.#engine()).add(spec);
    this.#faults = [...this.#faults, fault];
    await this.#pushAll();
    return fault;
  }

  /** With the hits so far. */
  async list(): Promise<readonly Fault[]> {
    const told = await Promise.all(
      [this.#gateway, this.#postgres].map((process) =>
        process.ask<"list-faults">({ type: "list-faults" }).catch(() => null),
      ),
    );
    const listed = this.#faults.map((fault) => {
      const carriers = told.filter((_, index) => this.#isCarriedBy(fault, index === 1));
      const isExhausted = carriers.every((answer) => answer?.exhausted.includes(fault.id));
      const hits = carriers
        .flatMap((answer) => answer?.faults ?? [])
        .filter(({ id }) => id === fault.id)
        .reduce((sum, live) => sum + live.hits, 0);
      return { fault: { ...fault, hits }, isExhausted };
    });
    for (const { fault, isExhausted } of listed) if (isExhausted) this.#forget(fault.id);
    return listed.filter(({ isExhausted }) => !isExhausted).map(({ fault }) => fault);
  }

  /** Where a process is down or silent, what it carries stays on the list. */
  async forgetExhausted(): Promise<void> {
    await this.list();
  }

  /** Returns whether there was one. */
  async remove(id: string): Promise<boolean> {
    if (!this.#faults.some((fault) => fault.id === id)) return false;
    this.#forget(id);
    await this.#pushAll();
    return true;
  }

  /** Returns how many ended. */
  async clear(): Promise<number> {
    const ended = this.#faults.length;
    for (const { id } of this.#faults) this.#forget(id);
    await this.#pushAll();
    return ended;
  }

  /** Brings a process that has just become ready up to date. Any other process is left alone. */
  async push(process: FaultCarrier): Promise<void> {
    if (process !== this.#gateway && process !== this.#postgres) return;
    const faults = this.#faults.filter((fault) =>
      this.#isCarriedBy(fault, process === this.#postgres),
    );
    await process.ask<"faults">({ type: "faults", faults });
  }

  async #pushAll(): Promise<void> {
    // One that is down is brought up to date when it is back.
    await Promise.allSettled([this.push(this.#gateway), this.push(this.#postgres)]);
  }

  #isCarriedBy({ target }: Fault, isPostgres: boolean): boolean {
    return target === EVERY_TARGET || (target === POSTGRES) === isPostgres;
  }

  #forget(id: string): void {
    this.#rules?.remove(id);
    this.#faults = this.#faults.filter((fault) => fault.id !== id);
  }

  /** Loaded with the first fault: a stack without faults need not hold the schema in memory. */
  async #engine(): Promise<FaultEngine> {
    const { FaultEngine } = await import("../faults/engine.ts");
    this.#rules ??= new FaultEngine({ targets: this.#targets });
    return this.#rules;
  }
}
