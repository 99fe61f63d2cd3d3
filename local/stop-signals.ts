/** @module What asks a program to stop, and how often: a program that npm started hears one Ctrl-C twice. */

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/**
 * Calls `stop` at the first signal; any later one changes nothing, so that a close in good order is not cut short.
 * Returns what does the same for a reason other than a signal.
 */
export function onStopSignal(stop: () => void): () => void {
  let isStopping = false;
  const stopOnce = () => {
    if (isStopping) return;
    isStopping = true;
    stop();
  };
  for (const name of SIGNALS) process.on(name, stopOnce);
  return stopOnce;
}
