/**
 * @module
 * One thread with one PGlite instance, from the outside: open it, give it a request, end it.
 *
 * Invariants:
 *
 * 1. At most one request at a time; the caller queues.
 * 2. `run` always resolves. After `lost`, or a statement that timed out, the thread is dead and the caller
 *    opens another: the data folder is then recovered from its write-ahead log, as after a crash.
 */
import { Worker } from "node:worker_threads";
import { type SqlOutcome, type SqlRequest, STATEMENT_TIMEOUT_MS } from "./database.ts";
import type { FromPglite, PgliteWorkerData, ToPglite } from "./pglite-worker.ts";
import { STATEMENT_TIMED_OUT } from "./postgres-error.ts";

/** Recovery of a large write-ahead log included. */
const OPEN_TIMEOUT_MS = 60_000;
/**
 * Small, so that the buffers of past requests are collected early: without it the process grows to
 * 340 MB under load, with it it stays at 220 MB and is no slower.
 */
const YOUNG_GENERATION_MAX_MB = 4;

export interface PgliteThreadOptions {
  /** An absolute path of a complete data folder; `null` for a database in memory. */
  readonly dataDir: string | null;
  readonly statementTimeoutMs?: number;
}

export class PgliteThread {
  readonly #worker: Worker;
  readonly #statementTimeoutMs: number;
  #isAlive = true;
  #onMessage: (message: FromPglite) => void = () => {};
  #onDeath: (reason: string) => void = () => {};

  private constructor(worker: Worker, statementTimeoutMs: number) {
    this.#worker = worker;
    this.#statementTimeoutMs = statementTimeoutMs;
    worker.on("message", (message: FromPglite) => this.#onMessage(message));
    worker.on("error", (error) => this.#died(error.message));
    worker.on("exit", () => this.#died("its thread ended"));
  }

  /** Rejects with a text for people when the folder cannot be opened. */
  static async open(options: PgliteThreadOptions): Promise<PgliteThread> {
    const worker = new Worker(new URL("./pglite-worker.ts", import.meta.url), {
      workerData: { dataDir: options.dataDir } satisfies PgliteWorkerData,
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_GENERATION_MAX_MB },
    });
    const thread = new PgliteThread(worker, options.statementTimeoutMs ?? STATEMENT_TIMEOUT_MS);
    try {
      await thread.#opened();
      return thread;
    } catch (error) {
      await thread.kill();
      throw error;
    }
  }

  get isAlive(): boolean {
    return this.#isAlive;
  }

  /** Requires that the previous one has resolved. */
  run(request: SqlRequest): Promise<SqlOutcome> {
    if (!this.#isAlive) return Promise.resolve({ kind: "lost", message: "PGlite has stopped" });
    return new Promise((resolve) => {
      let timer: NodeJS.Timeout | undefined;
      const end = (outcome: SqlOutcome) => {
        clearTimeout(timer);
        this.#onMessage = this.#betweenRequests;
        this.#onDeath = () => {};
        resolve(outcome);
      };
      const arm = () => {
        clearTimeout(timer);
        timer = setTimeout(() => {
          this.#onDeath = () => end({ kind: "failed", error: STATEMENT_TIMED_OUT });
          void this.kill();
        }, this.#statementTimeoutMs);
      };
      this.#onDeath = (reason) => end({ kind: "lost", message: `PGlite stopped: ${reason}` });
      this.#onMessage = (message) => {
        if (message.kind === "statement") arm();
        else if (message.kind === "outcome") end(message.outcome);
        else this.#betweenRequests(message);
      };
      arm();
      this.#send({ kind: "run", request });
    });
  }

  /** Shuts the instance down in order, or ends the thread after `timeoutMs`. */
  async close(timeoutMs: number): Promise<void> {
    if (!this.#isAlive) return;
    const ended = new Promise<void>((resolve) => this.#worker.once("exit", () => resolve()));
    this.#send({ kind: "close" });
    const timer = setTimeout(() => void this.#worker.terminate(), timeoutMs);
    await ended;
    clearTimeout(timer);
    this.#isAlive = false;
  }

  /** Ends the thread at once, whatever it does. Safe to call twice. */
  async kill(): Promise<void> {
    this.#isAlive = false;
    await this.#worker.terminate();
  }

  readonly #betweenRequests = (message: FromPglite): void => {
    if (message.kind !== "broken") return;
    this.#died(message.message);
    void this.kill();
  };

  #opened(): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new Error(`not open after ${OPEN_TIMEOUT_MS / 1000} s`)),
        OPEN_TIMEOUT_MS,
      );
      const settle = (end: () => void) => {
        clearTimeout(timer);
        this.#onDeath = () => {};
        this.#onMessage = this.#betweenRequests;
        end();
      };
      this.#onDeath = (reason) => settle(() => reject(new Error(reason)));
      this.#onMessage = (message) => {
        if (message.kind === "ready") settle(resolve);
        if (message.kind === "failed-to-open") settle(() => reject(new Error(message.message)));
      };
    });
  }

  #send(message: ToPglite): void {
    this.#worker.postMessage(message);
  }

  #died(reason: string): void {
    this.#isAlive = false;
    this.#onDeath(reason);
  }
}
