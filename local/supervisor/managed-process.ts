/**
 * @module
 * One process of the stack and what it is meant to do: run, or stay down. Everything that happens to it goes
 * through here.
 *
 * 1. A process that is meant to run and dies is started again, at once the first time, then with a delay that
 *    grows to at most `RESTART_DELAY_MAX_MS` while it keeps dying young. Only a hold or a stop ends that.
 * 2. Its very first start is not repeated: a stack that cannot start says why and stops.
 * 3. Operations on one process happen one after the other, but none waits for a start to succeed: a process
 *    that never gets ready can be stopped.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { ChildAnswer, SupervisorRequest } from "./child-protocol.ts";
import type { DistributiveOmit } from "./conversation.ts";
import { type Launch, RunningProcess } from "./running-process.ts";

const RESTART_DELAY_MIN_MS = 50;
const RESTART_DELAY_MAX_MS = 1000;
/** A process that lived longer has recovered: its next death is a first one. */
const YOUNG_MS = 10_000;

export type ProcessKind = "redis" | "gateway" | "postgres" | "worker";
export type ProcessState = "starting" | "up" | "paused" | "restarting" | "held" | "stopped";

export interface ProcessPlan {
  readonly id: string;
  readonly kind: ProcessKind;
  /** Asked before each start. */
  readonly launch: () => Launch;
  /** What it gets to stop by itself before it is killed. */
  readonly stopGraceMs: number;
  /** Removes its data while it is down. Absent: it has none that may be removed. */
  readonly wipe?: () => Promise<void>;
}

export type ProcessEvent =
  | { readonly kind: "spawned" }
  /** `afterMs` counts from its death where this is a restart. */
  | { readonly kind: "ready"; readonly afterMs: number; readonly isRestart: boolean }
  | { readonly kind: "died"; readonly cause: string }
  /** It went on, but the process that does the work (workerd) is a new one. */
  | { readonly kind: "worker-replaced" };

export interface ProcessSnapshot {
  readonly id: string;
  readonly kind: ProcessKind;
  readonly state: ProcessState;
  /** The last known one while it is down; 0 before the first start. */
  readonly pid: number;
  /** Of the process that does the work: a child of `pid` (workerd), or `pid` itself. */
  readonly workerPid: number;
  readonly restarts: number;
}

export class ManagedProcess {
  readonly plan: ProcessPlan;
  readonly #onEvent: (process: ManagedProcess, event: ProcessEvent) => void;
  #state: ProcessState = "stopped";
  #isWanted = false;
  #run: RunningProcess | null = null;
  #pid = 0;
  #workerPid = 0;
  #url: string | null = null;
  #starts = 0;
  #youngDeaths = 0;
  #diedAtMs: number | null = null;
  #ready: Promise<void> = Promise.resolve();
  #last: Promise<unknown> = Promise.resolve();

  constructor(plan: ProcessPlan, onEvent: (process: ManagedProcess, event: ProcessEvent) => void) {
    this.plan = plan;
    this.#onEvent = onEvent;
  }

  snapshot(): ProcessSnapshot {
    return {
      id: this.plan.id,
      kind: this.plan.kind,
      state: this.#state,
      pid: this.#pid,
      workerPid: this.#workerPid === 0 ? this.#pid : this.#workerPid,
      restarts: Math.max(0, this.#starts - 1),
    };
  }

  /** What it gave as its address when it said that it serves; `null` when it gave none, or does not serve. */
  get url(): string | null {
    return this.#state === "up" ? this.#url : null;
  }

  get isUp(): boolean {
    return this.#state === "up";
  }

  /** Starts it unless it runs. Resolves when it serves; rejects with the reason when it died before. */
  async start(): Promise<void> {
    await this.#inTurn(async () => this.#begin());
    await this.#ready;
  }

  /** Asks it to stop, kills it after the grace, and leaves it down. */
  stop(): Promise<void> {
    return this.#inTurn(async () => {
      await this.#end();
      this.#state = "stopped";
    });
  }

  /** SIGKILL. It comes back by itself unless held down. Resolves when it is gone. */
  kill({ isHeld }: { readonly isHeld: boolean }): Promise<void> {
    return this.#inTurn(async () => {
      if (isHeld) this.#isWanted = false;
      await this.#destroy();
      if (isHeld) this.#state = "held";
    });
  }

  /** Returns false when it is not up. */
  pause(): boolean {
    return this.#switchTo("paused", "SIGSTOP", "up");
  }

  /** Returns false when it is not paused. */
  resume(): boolean {
    return this.#switchTo("up", "SIGCONT", "paused");
  }

  /** Stops it in good order and starts it again. Resolves when it serves. */
  async restart(): Promise<void> {
    await this.#inTurn(async () => {
      await this.#end();
      this.#begin();
    });
    await this.#ready;
  }

  /** Kills it, removes its data, starts it empty. Resolves when it serves. */
  async wipe(): Promise<void> {
    await this.#inTurn(async () => {
      this.#isWanted = false;
      await this.#destroy();
      await this.plan.wipe?.();
      this.#begin();
    });
    await this.#ready;
  }

  /** One request over its channel. Rejects when it is down or does not answer in time. */
  ask<Type extends SupervisorRequest["type"]>(
    request: DistributiveOmit<Extract<SupervisorRequest, { type: Type }>, "id">,
  ): Promise<Extract<ChildAnswer, { type: Type }>> {
    const conversation = this.#run?.conversation ?? null;
    if (conversation === null) return Promise.reject(new Error(`${this.plan.id} is down`));
    return conversation.ask<Type>(request);
  }

  #begin(): void {
    this.#isWanted = true;
    if (this.#run !== null) return;
    this.#diedAtMs = null;
    this.#spawn();
  }

  async #end(): Promise<void> {
    this.#isWanted = false;
    const run = this.#run;
    if (run === null) return;
    run.askToStop();
    const grace = new AbortController();
    const timeout = sleep(this.plan.stopGraceMs, undefined, { signal: grace.signal });
    await Promise.race([run.exited, timeout]).finally(() => {
      timeout.catch(() => undefined);
      grace.abort();
    });
    await this.#destroy();
  }

  async #destroy(): Promise<void> {
    const run = this.#run;
    run?.signalGroup("SIGKILL");
    await run?.exited;
  }

  #switchTo(state: ProcessState, name: NodeJS.Signals, from: ProcessState): boolean {
    if (this.#run === null || this.#state !== from) return false;
    this.#run.signalGroup(name);
    this.#state = state;
    return true;
  }

  #spawn(): void {
    const run = new RunningProcess(this.plan.launch(), ({ url, workerPid: pid = 0 }) => {
      const isReplaced = this.#workerPid !== 0 && this.#workerPid !== pid;
      this.#workerPid = pid;
      this.#url = url ?? null;
      if (isReplaced) this.#onEvent(this, { kind: "worker-replaced" });
    });
    this.#run = run;
    if (run.pid !== 0) this.#pid = run.pid;
    this.#workerPid = 0;
    this.#starts += 1;
    this.#state = "starting";
    this.#ready = run.ready.then(() => this.#serves(run));
    this.#ready.catch(() => undefined);
    void run.exited.then((cause) => this.#exited(run, cause));
    this.#onEvent(this, { kind: "spawned" });
  }

  #serves(run: RunningProcess): void {
    this.#state = "up";
    const isRestart = this.#starts > 1;
    const afterMs = performance.now() - (this.#diedAtMs ?? run.startedAtMs);
    this.#onEvent(this, { kind: "ready", afterMs, isRestart });
  }

  #exited(run: RunningProcess, cause: string): void {
    const hasServed = this.#state === "up" || this.#state === "paused";
    this.#run = null;
    this.#diedAtMs = performance.now();
    if (!this.#isWanted) return;
    this.#onEvent(this, { kind: "died", cause });
    if (this.#starts === 1 && !hasServed) {
      this.#isWanted = false;
      this.#state = "stopped";
      return;
    }
    this.#state = "restarting";
    const isYoung = this.#diedAtMs - run.startedAtMs < YOUNG_MS;
    this.#youngDeaths = isYoung ? this.#youngDeaths + 1 : 0;
    setTimeout(() => {
      if (this.#isWanted && this.#run === null) this.#spawn();
    }, restartDelayMs(this.#youngDeaths));
  }

  #inTurn<Result>(operation: () => Promise<Result>): Promise<Result> {
    const turn = this.#last.then(operation, operation);
    this.#last = turn.catch(() => undefined);
    return turn;
  }
}

/** How long to wait before the next start after so many deaths, each within 10 s of its start. */
export function restartDelayMs(youngDeaths: number): number {
  if (youngDeaths <= 1) return 0;
  return Math.min(RESTART_DELAY_MIN_MS * 2 ** (youngDeaths - 2), RESTART_DELAY_MAX_MS);
}
