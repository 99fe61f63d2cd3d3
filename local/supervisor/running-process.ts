/**
 * @module
 * One life of one process: from spawn over "it serves" to its exit, with everything it had started.
 *
 * It leads a group of its own, so that what it started dies with it, and a Ctrl-C of the terminal reaches only
 * the supervisor, which stops things in order.
 */
import { type ChildProcess, spawn } from "node:child_process";
import type { ChildMessage } from "./child-protocol.ts";
import { Conversation } from "./conversation.ts";
import { signal } from "./process-identity.ts";

/** How long a start may take before it counts as failed. The first start of Postgres makes its data folder. */
const READY_TIMEOUT_MS = 60_000;

export interface Launch {
  readonly command: string;
  readonly args: readonly string[];
  /** Beside the supervisor's own environment. */
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** A Node child that speaks `child-protocol.ts`: it is ready when it says so. */
  readonly hasChannel: boolean;
  /** Where there is no channel: resolves once it serves. Stops trying when the signal fires. */
  readonly untilReady?: (gone: AbortSignal) => Promise<void>;
}

export type ReadyNotice = Extract<ChildMessage, { readonly type: "ready" }>;

export class RunningProcess {
  readonly startedAtMs = performance.now();
  /** 0 when it could not be spawned at all. */
  readonly pid: number;
  /** Resolves with the cause of its end, for people. */
  readonly exited: Promise<string>;
  /** Rejects with the reason when it ends, or does not serve in time. */
  readonly ready: Promise<void>;
  /** `null` where there is no channel. */
  readonly conversation: Conversation | null;
  readonly #child: ChildProcess;
  readonly #gone = new AbortController();
  readonly #onReady: (notice: ReadyNotice) => void;
  #failure: string | null = null;

  /** `onReady` hears each time that the process says so: again when it has got a new worker process. */
  constructor(launch: Launch, onReady: (notice: ReadyNotice) => void) {
    this.#onReady = onReady;
    this.#child = spawn(launch.command, launch.args, {
      detached: true,
      stdio: ["ignore", "inherit", "inherit", ...(launch.hasChannel ? (["ipc"] as const) : [])],
      env: { ...process.env, ...launch.env },
      ...(launch.cwd === undefined ? {} : { cwd: launch.cwd }),
    });
    this.pid = this.#child.pid ?? 0;
    this.conversation = launch.hasChannel ? new Conversation(this.#child) : null;
    this.exited = new Promise((resolve) => {
      this.#child.once("error", (error) => resolve(this.#end(error.message)));
      this.#child.once("exit", (code, name) => resolve(this.#end(name ?? `exit code ${code}`)));
    });
    this.ready = this.#untilReady(launch);
    this.ready.catch(() => undefined);
  }

  /** To it and everything it started. */
  signalGroup(name: NodeJS.Signals): void {
    if (this.pid !== 0) signal(-this.pid, name);
  }

  askToStop(): void {
    // One that is paused would not hear the request.
    this.signalGroup("SIGCONT");
    this.#child.kill("SIGTERM");
  }

  #end(cause: string): string {
    // What it had started is orphaned now; the group's number stays theirs as long as one of them lives.
    this.signalGroup("SIGKILL");
    this.conversation?.close();
    const told = this.#failure ?? cause;
    this.#gone.abort(new Error(told));
    return told;
  }

  async #untilReady(launch: Launch): Promise<void> {
    const timeout = setTimeout(() => {
      this.#failure = `it did not serve within ${READY_TIMEOUT_MS / 1000} s`;
      this.signalGroup("SIGKILL");
    }, READY_TIMEOUT_MS);
    const { signal: gone } = this.#gone;
    try {
      await (launch.hasChannel ? this.#untilSaid(gone) : launch.untilReady?.(gone));
      gone.throwIfAborted();
    } catch {
      throw new Error(await this.exited);
    } finally {
      clearTimeout(timeout);
    }
  }

  #untilSaid(gone: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      gone.addEventListener("abort", () => reject(gone.reason));
      this.#child.on("message", (message: ChildMessage) => {
        if (message.type === "failed") this.#failure = message.message;
        if (message.type !== "ready") return;
        this.#onReady(message);
        resolve();
      });
    });
  }
}
