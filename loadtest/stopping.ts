/**
 * @module
 * Ctrl-C, a closed terminal and a polite kill: what runs is ended in order, and what was measured is kept.
 */

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

/** Aborted by the first signal; later ones (npm passes on the Ctrl-C that we had from the terminal) change nothing. */
export function stopSignal(): AbortSignal {
  const stop = new AbortController();
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(name, () => stop.abort());
  }
  return stop.signal;
}
