/** Stops on a state that only a bug can produce; callers turn it into a 500, never into a retry. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new AssertionError(message);
}

class AssertionError extends Error {
  override readonly name = "AssertionError";
}
