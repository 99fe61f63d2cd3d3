/**
 * @module
 * SqlDatabase over PGlite: one instance, one session, so requests stand in a queue.
 *
 * Invariants:
 *
 * 1. First come, first served; at most `waitingMax` wait, none longer than `waitMaxMs`.
 * 2. A thread that died (a statement that timed out, a crash in WebAssembly) is replaced before the next
 *    request runs. Requests that waited are not touched by it.
 * 3. What a server's autovacuum and checkpointer do is done here when nobody asks: without, dead rows and
 *    the write-ahead log grow until the next start, and so does the time to recover after a crash.
 */
import { mkdir } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import {
  DATABASE_CLOSED,
  type SqlDatabase,
  type SqlOutcome,
  type SqlRequest,
  WAIT_MAX_MS,
  WAITING_MAX,
} from "./database.ts";
import { type FolderLock, lockFolder } from "./folder-lock.ts";
import { createInLockedFolder } from "./pglite-create.ts";
import { PgliteThread } from "./pglite-thread.ts";
import { WaitingLine } from "./waiting-line.ts";

/** Two in sequence stay below the second that a child of the supervisor has to exit. */
const FINISH_TIMEOUT_MS = 300;
const CLOSE_TIMEOUT_MS = 400;

const UPKEEP = ["VACUUM (ANALYZE)", "CHECKPOINT"] as const;
/** Together they take a fifth of a second. */
const UPKEEP_AFTER_REQUESTS = 10_000;
const UPKEEP_IDLE_MS = 5_000;

export interface PgliteOptions {
  /** Made when it does not exist. `null`: in memory, gone at close. */
  readonly dataDir: string | null;
  readonly statementTimeoutMs?: number;
  readonly waitMaxMs?: number;
  readonly waitingMax?: number;
  /** After how many requests, and then how much time without one, the upkeep runs. */
  readonly upkeep?: { readonly afterRequests: number; readonly idleMs: number };
}

/** Rejects with a text for people when the folder cannot be used. */
export async function openPglite(options: PgliteOptions): Promise<SqlDatabase> {
  if (options.dataDir === null) return PgliteDatabase.open(options, null);
  const dataDir = resolve(options.dataDir);
  await mkdir(dirname(dataDir), { recursive: true });
  const lock = await lockFolder(dataDir);
  try {
    await createInLockedFolder(dataDir);
    return await PgliteDatabase.open({ ...options, dataDir }, lock);
  } catch (error) {
    await lock.release();
    throw error;
  }
}

class PgliteDatabase implements SqlDatabase {
  readonly #options: PgliteOptions;
  readonly #lock: FolderLock | null;
  readonly #line: WaitingLine;
  #thread: PgliteThread;
  #closing: Promise<void> | null = null;
  #requestsSinceUpkeep = 0;
  #upkeepTimer: NodeJS.Timeout | undefined;

  private constructor(options: PgliteOptions, lock: FolderLock | null, thread: PgliteThread) {
    this.#options = options;
    this.#lock = lock;
    this.#thread = thread;
    this.#line = new WaitingLine({
      slots: 1,
      waitingMax: options.waitingMax ?? WAITING_MAX,
      waitMaxMs: options.waitMaxMs ?? WAIT_MAX_MS,
    });
  }

  static async open(options: PgliteOptions, lock: FolderLock | null): Promise<PgliteDatabase> {
    try {
      return new PgliteDatabase(options, lock, await PgliteThread.open(options));
    } catch (error) {
      const reason = error instanceof Error ? error.message : "unknown";
      throw new Error(
        `PGlite cannot open ${options.dataDir ?? "a database in memory"} (${reason}). ` +
          "If its data may go, remove the folder and start again; else give another one with --data.",
      );
    }
  }

  /** A request that runs cannot be cancelled: `signal` takes it out of the queue only. */
  async run(request: SqlRequest, signal?: AbortSignal): Promise<SqlOutcome> {
    const entry = await this.#line.enter(signal);
    if (entry !== "entered") return entry === "closed" ? DATABASE_CLOSED : { kind: entry };
    clearTimeout(this.#upkeepTimer);
    try {
      return await this.#serve(request);
    } finally {
      this.#line.leave();
      this.#requestsSinceUpkeep += 1;
      this.#planUpkeep();
    }
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #serve(request: SqlRequest): Promise<SqlOutcome> {
    if (!this.#thread.isAlive) {
      try {
        this.#thread = await PgliteThread.open(this.#options);
      } catch (error) {
        const message = error instanceof Error ? error.message : "PGlite does not start";
        return { kind: "unavailable", message, error: null };
      }
    }
    return this.#thread.run(request);
  }

  #planUpkeep(): void {
    const { afterRequests = UPKEEP_AFTER_REQUESTS, idleMs = UPKEEP_IDLE_MS } =
      this.#options.upkeep ?? {};
    if (this.#requestsSinceUpkeep < afterRequests || this.#closing !== null) return;
    clearTimeout(this.#upkeepTimer);
    this.#upkeepTimer = setTimeout(() => void this.#keepUp(), idleMs).unref();
  }

  async #keepUp(): Promise<void> {
    if ((await this.#line.enter()) !== "entered") return;
    this.#requestsSinceUpkeep = 0;
    for (const text of UPKEEP) {
      await this.#serve({ kind: "single", statement: { text, params: [] } });
    }
    this.#line.leave();
  }

  async #close(): Promise<void> {
    clearTimeout(this.#upkeepTimer);
    const timer = setTimeout(() => void this.#thread.kill(), FINISH_TIMEOUT_MS);
    await this.#line.close();
    clearTimeout(timer);
    await this.#thread.close(CLOSE_TIMEOUT_MS);
    await this.#lock?.release();
  }
}
