/**
 * @module
 * The problems that only the limiter has.
 */
import type { Context } from "hono";
import type { AppEnv } from "../http/app-env.ts";
import { problem } from "../http/problem.ts";
import { POLICIES_MAX } from "./policies.ts";
import type { Policy } from "./policy.ts";

type Ctx = Context<AppEnv>;

/** `outcome` besides, where something would have been changed. */
const NOT_APPLIED = { outcome: "not_applied" } as const;

export function noSuchPolicy(c: Ctx, name: string, at = "path.policy"): Response {
  const outcome = c.get("endpoint")?.mutates ? NOT_APPLIED : {};
  return problem(c, {
    status: 404,
    code: "no_such_policy",
    title: "No such policy",
    detail: `There is no policy ${name}. Create it first: PUT /rate-limiting/policies/{policy}.`,
    errors: [{ at, message: "names no policy" }],
    ...outcome,
  });
}

/** What cannot change, by algorithm. */
const FIXED = {
  gcra: "algorithm",
  "fixed-window": "algorithm and window",
  "sliding-window": "algorithm and window",
  "token-bucket": "algorithm, window and burst",
} as const;

export function policyDiffers(c: Ctx, { algorithm, windowMs, burst }: Policy): Response {
  return problem(c, {
    status: 409,
    code: "policy_differs",
    title: "Policy differs",
    detail: `The ${FIXED[algorithm]} of this policy cannot change: what was used would be forgotten. Use another name, or delete it first.`,
    errors: [
      { at: "body.algorithm", message: `is ${algorithm} in the policy` },
      ...(algorithm === "gcra"
        ? []
        : [{ at: "body.windowMs", message: `is ${windowMs} in the policy` }]),
      ...(algorithm === "token-bucket"
        ? [{ at: "body.burst", message: `is ${burst} in the policy` }]
        : []),
    ],
  });
}

export function tooManyPolicies(c: Ctx): Response {
  return problem(c, {
    status: 409,
    code: "too_many_policies",
    title: "Too many policies",
    detail: `A tenant has at most ${POLICIES_MAX} policies. Delete one first.`,
  });
}

export function notCombinable(c: Ctx, at: string): Response {
  return problem(c, {
    status: 422,
    code: "not_combinable",
    title: "Not combinable",
    detail: "Only policies with the algorithm gcra can be checked together.",
    errors: [{ at, message: "is a policy with another algorithm" }],
    ...NOT_APPLIED,
  });
}

export function costTooHigh(c: Ctx, at: string, costMax: number): Response {
  return problem(c, {
    status: 422,
    code: "cost_too_high",
    title: "Cost too high",
    detail: `This could never pass: the policy lets at most ${costMax} pass at once.`,
    errors: [{ at, message: `must be at most ${costMax}` }],
    ...NOT_APPLIED,
  });
}

export function rateLimited(c: Ctx, retryAfterMs: number): Response {
  return problem(c, {
    status: 429,
    code: "rate_limited",
    title: "Too many requests",
    detail: "The limit is used up. Try again after the time in Retry-After.",
    retryAfterMs,
  });
}
