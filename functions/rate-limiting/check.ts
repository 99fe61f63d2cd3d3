/**
 * @module
 * One decision: may this pass? Finds the policies, asks memory, then the store, and says what holds when
 * the store does not answer.
 *
 * Invariants:
 *
 * 1. A check is sent once. What it used is not given back, also when its answer is lost: nobody is let pass
 *    twice for one unit.
 * 2. Several checks are one decision: all are charged or none.
 * 3. A caller who would pass anyway waits `OPEN_BUDGET_MS` for the store, others `CLOSED_BUDGET_MS`; then the
 *    policies' `onError` decides, `closed` before `open`.
 */
import { UpstreamError } from "../../shared/kernel/errors.ts";
import type { LimiterAccess } from "./access.ts";
import { stillBlocked } from "./blocked.ts";
import { judgeGcra } from "./gcra.ts";
import { limitKeys } from "./keys.ts";
import { doubtPolicy, knownPolicies, lastKnownPolicies } from "./policies.ts";
import { costMax, isGcra, type Policy } from "./policy.ts";
import type { Judged } from "./verdict.ts";
import { judgeWindow, windowPort } from "./windows.ts";

/** Milliseconds that a decision may wait for the store when it lets pass without an answer. */
export const OPEN_BUDGET_MS = 300;

/** And when it refuses without one: a busy store is worth waiting for, a caller with a deadline is not kept. */
export const CLOSED_BUDGET_MS = 1_000;

/** Checks in one decision. */
export const CHECKS_MAX = 8;

export interface NamedCheck {
  readonly policy: string;
  readonly key: string;
  readonly cost: number;
}

export interface Check {
  readonly policy: Policy;
  readonly key: string;
  readonly cost: number;
}

export type Decision =
  | { readonly kind: "judged"; readonly allowed: boolean; readonly judged: readonly Judged[] }
  /** The store did not answer, and every policy lets pass then. */
  | { readonly kind: "let_pass"; readonly policies: readonly Policy[] };

export type Undecidable =
  | { readonly kind: "no_such_policy"; readonly which: number }
  | { readonly kind: "not_combinable"; readonly which: number }
  | { readonly kind: "cost_too_high"; readonly which: number; readonly costMax: number };

/**
 * Decides by stored policies. One trip while the isolate knows them, none while it knows that this cannot pass.
 *
 * @throws UpstreamError when the store does not answer and a policy is `closed`, or not known
 */
export async function checkNamed(
  access: LimiterAccess,
  named: readonly NamedCheck[],
): Promise<Decision | Undecidable> {
  const names = named.map(({ policy }) => policy);
  const startedAtMs = access.attempts.clock();
  const last = lastKnownPolicies(access, names).filter((policy) => policy !== undefined);
  const isKnown = last.length === names.length;
  let policies: readonly (Policy | null)[];
  try {
    policies = await knownPolicies(access, names, isKnown ? budgetMs(last) : CLOSED_BUDGET_MS);
  } catch (error) {
    if (error instanceof UpstreamError && isKnown) return onFailure(last, error);
    throw error;
  }
  const checks: Check[] = [];
  for (const [which, { key, cost }] of named.entries()) {
    const policy = policies[which];
    if (!policy) return { kind: "no_such_policy", which };
    checks.push({ policy, key, cost });
  }
  return await check(access, checks, startedAtMs);
}

/** Decides by the policies given, in what is left of the budget. */
export async function check(
  access: LimiterAccess,
  checks: readonly Check[],
  startedAtMs = access.attempts.clock(),
): Promise<Decision | Undecidable> {
  for (const [which, { policy, cost }] of checks.entries()) {
    if (checks.length > 1 && !isGcra(policy)) return { kind: "not_combinable", which };
    const max = costMax(policy);
    if (cost > max) return { kind: "cost_too_high", which, costMax: max };
  }
  const sinceMs = access.attempts.clock();
  const levels = levelsOf(access, checks);
  const memory = levels.join(" ");
  const costs = checks.map(({ cost }) => cost);
  const remembered = access.blocked.get(memory, sinceMs);
  const blocked = remembered && stillBlocked(remembered, costs, sinceMs);
  if (blocked) return { kind: "judged", allowed: false, judged: blocked };
  try {
    const allowedMs = budgetMs(checks.map(({ policy }) => policy));
    const timeoutMs = Math.max(0, startedAtMs + allowedMs - sinceMs);
    const decision = await judge(access, { checks, levels }, timeoutMs);
    const isExact = checks.every(({ policy }) => saysExactlyWhen(policy));
    if (!decision.allowed && isExact) {
      access.blocked.set(memory, { judged: decision.judged, costs, sinceMs }, sinceMs);
    }
    return decision;
  } catch (error) {
    if (!(error instanceof UpstreamError)) throw error;
    return onFailure(
      checks.map(({ policy }) => policy),
      error,
    );
  }
}

interface Levels {
  readonly checks: readonly Check[];
  /** The key of each check's level. */
  readonly levels: readonly string[];
}

async function judge(
  access: LimiterAccess,
  { checks, levels }: Levels,
  timeoutMs: number,
): Promise<Extract<Decision, { kind: "judged" }>> {
  const [first] = checks;
  if (first !== undefined && !isGcra(first.policy)) {
    const port = windowPort(access, timeoutMs);
    const verdict = await judgeWindow(port, first);
    return {
      kind: "judged",
      allowed: verdict.allowed,
      judged: [{ policy: first.policy, verdict }],
    };
  }
  const reply = await judgeGcra(
    access.redis,
    checks.map(({ policy, cost }, i) => ({ level: levels[i] ?? "", rate: policy, cost })),
    { timeoutMs, charges: true },
  );
  if (reply.wasStale) for (const { policy } of checks) doubtPolicy(access, policy.name);
  const judged = checks.flatMap(({ policy }, i) => {
    const verdict = reply.verdicts[i];
    return verdict === undefined ? [] : [{ policy, verdict }];
  });
  return { kind: "judged", allowed: reply.allowed, judged };
}

/** The key of each check's level; with other algorithms than `gcra` only a name. */
function levelsOf({ space }: LimiterAccess, checks: readonly Check[]): readonly string[] {
  const keys = limitKeys(space);
  return checks.map(({ policy, key }) => keys.level(policy.name, key));
}

function saysExactlyWhen({ algorithm }: Policy): boolean {
  return algorithm === "gcra" || algorithm === "fixed-window";
}

function budgetMs(policies: readonly Policy[]): number {
  return policies.some(({ onError }) => onError === "closed") ? CLOSED_BUDGET_MS : OPEN_BUDGET_MS;
}

function onFailure(policies: readonly Policy[], error: UpstreamError): Decision {
  if (policies.some(({ onError }) => onError === "closed")) throw error;
  return { kind: "let_pass", policies };
}
