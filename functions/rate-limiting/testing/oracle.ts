/**
 * @module
 * The generic cell rate algorithm as its textbook has it, by theoretical arrival times, in exact integers:
 * what the script must equal, by another way of counting.
 */
export interface OraclePolicy {
  readonly limit: number;
  readonly windowMs: number;
  readonly burst: number;
}

export interface OracleCheck {
  readonly id: string;
  readonly policy: OraclePolicy;
  readonly cost: number;
}

export interface OracleVerdict {
  readonly allowed: boolean;
  readonly remaining: number;
  readonly resetMs: number;
  readonly retryAfterMs: number;
}

export function createOracle() {
  /** Theoretical arrival times in units of 1/limit of a millisecond. */
  const arrivals = new Map<string, bigint>();
  return {
    /** All pass or none; `nowMs` never falls. */
    judge(checks: readonly OracleCheck[], nowMs: number) {
      const planned = checks.map(({ id, policy, cost }) => {
        const limit = BigInt(policy.limit);
        const interval = BigInt(policy.windowMs);
        const now = BigInt(nowMs) * limit;
        const arrival = max(arrivals.get(id) ?? now, now);
        const tolerance = interval * BigInt(policy.burst);
        const next = arrival + interval * BigInt(cost);
        return { id, limit, interval, now, arrival, tolerance, next };
      });
      const allowed = planned.every(({ next, now, tolerance }) => next - now <= tolerance);
      if (allowed) for (const { id, next } of planned) arrivals.set(id, next);
      const verdicts = planned.map(
        ({ limit, interval, now, arrival, tolerance, next }): OracleVerdict => {
          const late = next - now - tolerance;
          const stands = allowed ? next : arrival;
          return {
            allowed: late <= 0n,
            remaining: Number((tolerance - (stands - now)) / interval),
            resetMs: Number(ceilDivided(stands - now, limit)),
            retryAfterMs: late > 0n ? Number(ceilDivided(late, limit)) : 0,
          };
        },
      );
      return { allowed, verdicts };
    },
  };
}

function max(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}

function ceilDivided(a: bigint, b: bigint): bigint {
  return (a + b - 1n) / b;
}
