/**
 * @module
 * Ctrl-C, a closed terminal and a polite kill: what runs is ended in order, and what was measured is kept.
 */

import { onStopSignal } from "../local/stop-signals.ts";

/** Somebody stopped it. */
export class RunStoppedError extends Error {
  override readonly name = "RunStoppedError";

  constructor() {
    super("The run was stopped.");
  }
}

export function throwIfStopped(signal: AbortSignal): void {
  if (signal.aborted) throw new RunStoppedError();
}

/** Aborted by the first signal that asks this process to stop. */
export function stopSignal(): AbortSignal {
  const stop = new AbortController();
  onStopSignal(() => stop.abort());
  return stop.signal;
}
