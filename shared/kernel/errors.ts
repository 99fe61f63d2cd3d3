/** A store or object that the Worker depends on. */
export type Dependency = "redis" | "postgres" | "durable-object";

/**
 * - `unreachable`: no connection, a reset, or a 5xx from the store's front.
 * - `timeout`: no answer within the time given to the attempt.
 * - `garbage`: an answer that is not of the store's protocol.
 * - `refused`: the store answered with an error (out of memory, loading, read only, …).
 * - `circuit_open`: not sent, because the store failed too often just now.
 */
export type UpstreamFault = "unreachable" | "timeout" | "garbage" | "refused" | "circuit_open";

/** Whether a write that failed has taken effect. `unknown` is always a true answer, never a guess. */
export type Outcome = "not_applied" | "applied" | "unknown";

export interface UpstreamErrorInit {
  readonly dependency: Dependency;
  readonly fault: UpstreamFault;
  /** The store's own error code (`OOM`, `WRONGTYPE`, `23505`), when it gave one. */
  readonly storeCode?: string;
  readonly outcome: Outcome;
}

/**
 * Something we depend on failed or ran out of time. Raised only in adapters; carries no command, no
 * value and no cause, because all of these end up in logs.
 */
export class UpstreamError extends Error {
  override readonly name = "UpstreamError";
  readonly dependency: Dependency;
  readonly fault: UpstreamFault;
  readonly storeCode: string | null;
  readonly outcome: Outcome;

  constructor({ dependency, fault, storeCode, outcome }: UpstreamErrorInit) {
    super(`${dependency}: ${fault}${storeCode === undefined ? "" : ` ${storeCode}`}`);
    this.dependency = dependency;
    this.fault = fault;
    this.storeCode = storeCode ?? null;
    this.outcome = outcome;
  }

  /** The same failure with what is known once earlier attempts are taken into account. */
  withOutcome(outcome: Outcome): UpstreamError {
    const { dependency, fault, storeCode } = this;
    return new UpstreamError({
      dependency,
      fault,
      outcome,
      ...(storeCode === null ? {} : { storeCode }),
    });
  }
}
