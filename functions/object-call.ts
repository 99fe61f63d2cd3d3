/**
 * @module
 * Calls to Durable Objects as calls to any other dependency: counted, within the deadline, and failing
 * with an UpstreamError that carries nothing of what the object threw.
 */
import type { Deadline } from "../shared/kernel/deadline.ts";
import { type Outcome, UpstreamError, type UpstreamFault } from "../shared/kernel/errors.ts";
import type { Sleep } from "../shared/kernel/time.ts";
import type { StoreTraffic } from "../shared/kernel/traffic.ts";

export interface ObjectCallScope {
  readonly traffic: StoreTraffic;
  readonly deadline: Deadline;
  readonly sleep: Sleep;
}

export interface ObjectCallOptions {
  /** Bound of this call; the deadline bounds it as well. */
  readonly timeoutMs?: number;
  /** What a failed call leaves behind: `not_applied` for reads. */
  readonly outcome: Outcome;
}

/**
 * Runs one call. An answer that comes after the bound is dropped.
 *
 * @throws UpstreamError of the dependency `durable-object`
 */
export function callObject<Reply>(
  { traffic, deadline, sleep }: ObjectCallScope,
  { timeoutMs, outcome }: ObjectCallOptions,
  call: () => Promise<Reply>,
): Promise<Reply> {
  return traffic.run("durable-object", async () => {
    const boundMs = Math.min(timeoutMs ?? Number.POSITIVE_INFINITY, deadline.remainingMs());
    if (boundMs <= 0) throw failure("timeout", "not_applied");
    const answer = call().then(
      (reply) => ({ kind: "answered" as const, reply }),
      (error: unknown) => ({ kind: "failed" as const, error }),
    );
    const first = await Promise.race([answer, sleep(boundMs).then(() => null)]);
    if (first === null) throw failure("timeout", outcome);
    if (first.kind === "answered") return first.reply;
    throw isOverloaded(first.error)
      ? failure("refused", "not_applied")
      : failure("unreachable", outcome);
  });
}

/** An overloaded object refuses before it runs anything (Durable Objects docs, "Error handling"). */
function isOverloaded(error: unknown): boolean {
  return error instanceof Error && "overloaded" in error && error.overloaded === true;
}

function failure(fault: UpstreamFault, outcome: Outcome): UpstreamError {
  return new UpstreamError({ dependency: "durable-object", fault, outcome });
}
