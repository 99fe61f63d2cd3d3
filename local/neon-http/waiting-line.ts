/**
 * @module
 * Who may use a connection now, and who waits? First come, first served.
 *
 * Invariants:
 *
 * 1. At most `slots` are in at a time; a slot that is left goes to the one who waited longest.
 * 2. At most `waitingMax` wait, none longer than `waitMaxMs`. Who is turned away has had no effect.
 */
export interface WaitingLineOptions {
  readonly slots: number;
  readonly waitingMax: number;
  readonly waitMaxMs: number;
}

export type Entry = "entered" | "busy" | "cancelled" | "closed";

export class WaitingLine {
  readonly #options: WaitingLineOptions;
  /** In order of arrival. */
  readonly #waiting = new Set<(entry: Entry) => void>();
  #inside = 0;
  #isClosed = false;
  #onEmpty: () => void = () => {};

  constructor(options: WaitingLineOptions) {
    this.#options = options;
  }

  /** Who is told "entered" calls `leave` once. */
  enter(signal?: AbortSignal): Promise<Entry> {
    if (this.#isClosed) return Promise.resolve("closed");
    if (signal?.aborted) return Promise.resolve("cancelled");
    if (this.#inside < this.#options.slots) {
      this.#inside += 1;
      return Promise.resolve("entered");
    }
    if (this.#waiting.size >= this.#options.waitingMax) return Promise.resolve("busy");
    return new Promise((resolve) => {
      const settle = (entry: Entry) => {
        clearTimeout(timer);
        signal?.removeEventListener("abort", onAbort);
        this.#waiting.delete(settle);
        resolve(entry);
      };
      const onAbort = () => settle("cancelled");
      const timer = setTimeout(() => settle("busy"), this.#options.waitMaxMs);
      signal?.addEventListener("abort", onAbort);
      this.#waiting.add(settle);
    });
  }

  leave(): void {
    const [next] = this.#waiting;
    if (next !== undefined) {
      next("entered");
      return;
    }
    this.#inside -= 1;
    if (this.#inside === 0) this.#onEmpty();
  }

  /** Turns away who waits and who comes. Resolves when nobody is inside any more. Call it once. */
  close(): Promise<void> {
    this.#isClosed = true;
    for (const settle of this.#waiting) settle("closed");
    if (this.#inside === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#onEmpty = resolve;
    });
  }
}
