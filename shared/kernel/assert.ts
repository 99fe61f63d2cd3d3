/** Stops on a state that only a bug can produce; callers turn it into a 500, never into a retry. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new AssertionError(message);
}

/** For the default branch of a switch over a union: fails to compile when a case is missing. */
export function unreachable(value: never): never {
  throw new AssertionError(`unexpected case ${typeof value}`);
}

export class AssertionError extends Error {
  override readonly name = "AssertionError";
}
