/**
 * @module
 * The algorithm `gcra`: the generic cell rate algorithm (ITU-T I.371) as a leaking level, judged by one
 * script on the store's clock.
 *
 * Invariants:
 *
 * 1. Of checks that are judged together all are charged or none; one that does not pass consumes nothing.
 * 2. No caller's clock is read, so callers whose clocks differ share one limit.
 * 3. A level names the newest policy that has judged it. An older one is told so and judges nothing; what
 *    is used stays used when the policy changes. So in any interval no more passes than the larger burst of
 *    the two plus what the faster of the two lets pass in that time.
 */
import { UpstreamError } from "../../shared/kernel/errors.ts";
import type { RedisPort, RedisReply } from "../../shared/redis/port.ts";
import { integer, list, MalformedReply } from "../../shared/redis/reply.ts";
import { defineScript } from "../../shared/redis/script.ts";
import gcraSource from "./gcra.lua";
import type { Policy } from "./policy.ts";
import type { Verdict } from "./verdict.ts";

/** What a level goes by. */
export type Rate = Pick<Policy, "revision" | "limit" | "windowMs" | "burst">;

export interface GcraCheck {
  /** Key of the level. */
  readonly level: string;
  readonly rate: Rate;
  /** Units, 1 to the rate's burst. */
  readonly cost: number;
}

export interface GcraVerdicts {
  readonly kind: "judged";
  /** Whether all passed. */
  readonly allowed: boolean;
  readonly verdicts: readonly Verdict[];
  /** What each was judged by. */
  readonly rates: readonly Rate[];
}

/**
 * For how long at least a level remembers its revision: a Worker knows of a new one after
 * `POLICY_TTL_MS` (`policies.ts`).
 */
const KEEP_MS_MIN = 6_000;

/** How often one call may be told that it goes by an older policy. */
const CORRECTIONS_MAX = 3;

export interface GcraOptions {
  /** Milliseconds that are left for all trips together. */
  readonly leftMs?: () => number;
  /** Charges what passes; without it nothing changes. */
  readonly charges: boolean;
}

/**
 * One trip; two when a level has been judged by a newer policy, which it then names and which is gone by.
 * A call without an answer may have charged.
 *
 * @throws UpstreamError also when the policies change with every attempt
 */
export async function judgeGcra(
  redis: RedisPort,
  checks: readonly GcraCheck[],
  { charges, leftMs }: GcraOptions,
): Promise<GcraVerdicts & { readonly wasStale: boolean }> {
  let rates: readonly Rate[] = checks.map(({ rate }) => rate);
  for (let corrections = 0; corrections <= CORRECTIONS_MAX; corrections += 1) {
    const reply = await runGcra(
      redis,
      checks.map(({ level }) => level),
      [
        ...checks.flatMap(({ cost }, i) => [...fields(rates[i]), cost]),
        KEEP_MS_MIN,
        charges ? 1 : 0,
      ],
      leftMs === undefined ? {} : { timeoutMs: leftMs() },
    );
    if (reply.kind === "judged") {
      const verdicts = reply.verdicts.map(({ allowed, ...rest }, i) => {
        return { allowed, limit: rates[i]?.limit ?? 0, ...rest };
      });
      return { ...reply, verdicts, rates, wasStale: corrections > 0 };
    }
    rates = rates.map((rate, i) => reply.newer[i] ?? rate);
  }
  throw new UpstreamError({ dependency: "redis", fault: "refused", outcome: "not_applied" });
}

function fields(rate: Rate | undefined): number[] {
  return rate === undefined ? [] : [rate.revision, rate.limit, rate.windowMs, rate.burst];
}

type Reply =
  | {
      readonly kind: "judged";
      readonly allowed: boolean;
      readonly verdicts: readonly Omit<Verdict, "limit">[];
    }
  | { readonly kind: "stale"; readonly newer: readonly (Rate | null)[] };

const runGcra = defineScript<string[], number[], Reply>(gcraSource, (reply) => {
  const [kind, ...facts] = list(reply);
  if (kind === "stale") return { kind, newer: inFours(facts).map(rateOf) };
  if (kind !== "judged") throw new MalformedReply();
  const [allowed, ...rest] = facts;
  return { kind, allowed: integer(allowed) === 1, verdicts: inFours(rest).map(verdictOf) };
});

function inFours(facts: readonly RedisReply[]): number[][] {
  return Array.from({ length: facts.length / 4 }, (_, i) =>
    facts.slice(4 * i, 4 * i + 4).map(integer),
  );
}

function rateOf([
  revision = 0,
  limit = 0,
  windowMs = 0,
  burst = 0,
]: readonly number[]): Rate | null {
  return revision === 0 ? null : { revision, limit, windowMs, burst };
}

function verdictOf([passes, remaining = 0, resetMs = 0, retryAfterMs = 0]: readonly number[]) {
  return { allowed: passes === 1, remaining, resetMs, retryAfterMs };
}
