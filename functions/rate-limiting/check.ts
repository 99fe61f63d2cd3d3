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
 * 3. A caller who would pass anyway waits `OPEN_BUDGET_MS` for the store, others until their deadline is near;
 *    then the policies' `onError` decides, `closed` before `open`.
 */
import { UpstreamError } from "../../shared/kernel/errors.ts";
import type { LimiterAccess } from "./access.ts";
import { memoryKey, stillBlocked } from "./blocked.ts";
import { timeLeft } from "./budget.ts";
import { judgeGcra } from "./gcra.ts";
import { limitKeys } from "./keys.ts";
import { doubtPolicy, knownPolicies, lastKnownPolicies } from "./policies.ts";
import { costMax, isGcra, type Policy } from "./policy.ts";
import type { Judged } from "./verdict.ts";
import { judgeWindow, windowPort } from "./windows.ts";

/** Milliseconds that a decision may wait for the store when it lets pass without an answer. */
export const OPEN_BUDGET_MS = 300;

/** What is left of the deadline when it refuses without one, so that the refusal still arrives. */
export const REFUSAL_MS = 400;

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
    policies = await knownPolicies(access, names, budgetMs(access, isKnown ? last : []));
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
  const decision = await check(access, checks, startedAtMs);
  return decision.kind === "judged" && !decision.allowed
    ? (neverPasses(named, decision.judged) ?? decision)
    : decision;
}

/** A policy that only the level knew may have a smaller burst than the one that was asked about. */
function neverPasses(named: readonly NamedCheck[], judged: readonly Judged[]): Undecidable | null {
  for (const [which, { policy }] of judged.entries()) {
    const max = costMax(policy);
    if ((named[which]?.cost ?? 0) > max) return { kind: "cost_too_high", which, costMax: max };
  }
  return null;
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
  const memory = memoryKey(levels);
  const remembered = access.blocked.get(memory, sinceMs);
  const blocked = remembered && stillBlocked(remembered, checks, sinceMs);
  if (blocked) return { kind: "judged", allowed: false, judged: blocked };
  try {
    const policies = checks.map(({ policy }) => policy);
    const spentMs = isOpen(policies) ? sinceMs - startedAtMs : 0;
    const leftMs = timeLeft(access.attempts.clock, budgetMs(access, policies) - spentMs);
    const judged = await judge(access, { checks, levels }, leftMs);
    const allowed = judged.every(({ verdict }) => verdict.allowed);
    if (!allowed && policies.every(saysExactlyWhen)) {
      const costs = checks.map(({ cost }) => cost);
      const revisions = judged.map(({ policy }) => policy.revision);
      const times = { sentAtMs: sinceMs, toldAtMs: access.attempts.clock() };
      access.blocked.set(memory, { judged, costs, revisions, ...times }, sinceMs);
    }
    return { kind: "judged", allowed, judged };
  } catch (error) {
    if (!(error instanceof UpstreamError)) throw error;
    return onFailure(
      checks.map(({ policy }) => policy),
      error,
    );
  }
}

/** With the policy that it was judged by, which may be newer than the one asked about. */
interface JudgedBy extends Judged {
  readonly policy: Policy;
}

interface Levels {
  readonly checks: readonly Check[];
  /** The key of each check's level. */
  readonly levels: readonly string[];
}

async function judge(
  access: LimiterAccess,
  { checks, levels }: Levels,
  leftMs: () => number,
): Promise<readonly JudgedBy[]> {
  const [first] = checks;
  if (first !== undefined && !isGcra(first.policy)) {
    const verdict = await judgeWindow(windowPort(access, leftMs), first);
    return [{ policy: first.policy, verdict }];
  }
  const reply = await judgeGcra(
    access.redis,
    checks.map(({ policy, cost }, i) => ({ level: levels[i] ?? "", rate: policy, cost })),
    { leftMs, charges: true },
  );
  if (reply.wasStale) for (const { policy } of checks) doubtPolicy(access, policy.name);
  return checks.flatMap(({ policy }, i) => {
    const verdict = reply.verdicts[i];
    return verdict === undefined ? [] : [{ policy: { ...policy, ...reply.rates[i] }, verdict }];
  });
}

/** The key of each check's level; with other algorithms than `gcra` only a name. */
function levelsOf({ space }: LimiterAccess, checks: readonly Check[]): readonly string[] {
  const keys = limitKeys(space);
  return checks.map(({ policy, key }) => keys.level(policy.name, key));
}

function saysExactlyWhen({ algorithm }: Policy): boolean {
  return algorithm === "gcra" || algorithm === "fixed-window";
}

/** Whether all let pass while the store does not answer. */
function isOpen(policies: readonly Policy[]): boolean {
  return policies.length > 0 && policies.every(({ onError }) => onError === "open");
}

function budgetMs({ attempts }: LimiterAccess, policies: readonly Policy[]): number {
  if (isOpen(policies)) return OPEN_BUDGET_MS;
  const leftMs = attempts.deadline.remainingMs();
  return Math.max(leftMs - REFUSAL_MS, leftMs / 2);
}

function onFailure(policies: readonly Policy[], error: UpstreamError): Decision {
  if (!isOpen(policies)) throw error;
  return { kind: "let_pass", policies };
}
