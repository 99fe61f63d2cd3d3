/**
 * @module
 * HTTP face of the limiter. A route parses, makes one call into the pattern, and chooses a status.
 */
import { type Context, Hono } from "hono";
import { assert } from "../../shared/kernel/assert.ts";
import type { AppEnv } from "../http/app-env.ts";
import { endpoint } from "../http/endpoint.ts";
import { LAST_KNOWN, type LimiterAccess, POLICIES } from "./access.ts";
import { BLOCKED, type Blocked } from "./blocked.ts";
import { checkNamed, type Decision, type NamedCheck, type Undecidable } from "./check.ts";
import {
  CHECK,
  CHECK_ALL,
  DELETE_POLICY,
  GET_POLICY,
  GET_USAGE,
  LIST_POLICIES,
  PROTECTED,
  PUT_POLICY,
  RESET_USAGE,
} from "./endpoints.ts";
import { type InlinePolicy, rateLimit } from "./middleware.ts";
import { deletePolicy, knownPolicy, listPolicies, putPolicy, readPolicy } from "./policies.ts";
import type { Policy } from "./policy.ts";
import {
  costTooHigh,
  noSuchPolicy,
  notCombinable,
  policyDiffers,
  rateLimited,
  tooManyPolicies,
} from "./problems.ts";
import { rateLimitHeaders } from "./rate-limit-headers.ts";
import { lookAtUsage, resetUsage } from "./usage.ts";
import type { Verdict } from "./verdict.ts";

type Ctx = Context<AppEnv>;

/** Of `/protected`. */
const PROTECTED_POLICY: InlinePolicy = {
  name: "protected",
  algorithm: "gcra",
  limit: 100,
  windowMs: 60_000,
  burst: 100,
  onError: "closed",
};

export const rateLimitingRoutes = new Hono<AppEnv>()
  .get("/policies", endpoint(LIST_POLICIES), async (c) =>
    c.json({ policies: (await listPolicies(accessOf(c))).map(policyReply) }, 200),
  )
  .put("/policies/:policy", endpoint(PUT_POLICY), async (c) => {
    const put = await putPolicy(accessOf(c), c.req.valid("param").policy, c.req.valid("json"));
    switch (put.kind) {
      case "created":
        return c.json(policyReply(put.policy), 201);
      case "changed":
      case "unchanged":
        return c.json(policyReply(put.policy), 200);
      case "differs":
        return policyDiffers(c, put.policy);
      case "too_many":
        return tooManyPolicies(c);
    }
  })
  .get("/policies/:policy", endpoint(GET_POLICY), async (c) => {
    const { policy: name } = c.req.valid("param");
    const policy = await readPolicy(accessOf(c), name);
    return policy === null ? noSuchPolicy(c, name) : c.json(policyReply(policy), 200);
  })
  .delete("/policies/:policy", endpoint(DELETE_POLICY), async (c) => {
    await deletePolicy(accessOf(c), c.req.valid("param").policy);
    return c.body(null, 204);
  })
  .post("/policies/:policy/check", endpoint(CHECK), async (c) => {
    const { policy } = c.req.valid("param");
    const decision = await checkNamed(accessOf(c), [{ policy, ...c.req.valid("json") }]);
    if (isUndecidable(decision)) {
      const paths = { policy: () => "path.policy", cost: () => "body.cost" };
      return undecidable(c, decision, { checks: [{ policy }], ...paths });
    }
    const [verdict] = verdictsOf(decision);
    assert(verdict !== undefined, "a decision has a verdict for each check");
    return c.json(verdict, verdict.allowed ? 200 : 429, rateLimitHeaders(decision));
  })
  .post("/check", endpoint(CHECK_ALL), async (c) => {
    const { checks } = c.req.valid("json");
    const decision = await checkNamed(accessOf(c), checks);
    if (isUndecidable(decision)) {
      const at = (which: number) => `body.checks.${which}`;
      return undecidable(c, decision, {
        checks,
        policy: (which) => `${at(which)}.policy`,
        cost: (which) => `${at(which)}.cost`,
      });
    }
    const allowed = decision.kind === "let_pass" || decision.allowed;
    const body = { allowed, results: verdictsOf(decision) };
    return c.json(body, allowed ? 200 : 429, rateLimitHeaders(decision));
  })
  .get("/policies/:policy/keys/:key", endpoint(GET_USAGE), async (c) => {
    const { policy: name, key } = c.req.valid("param");
    const access = accessOf(c);
    const policy = await knownPolicy(access, name);
    if (policy === null) return noSuchPolicy(c, name);
    return c.json(await lookAtUsage(access, policy, key), 200);
  })
  .delete("/policies/:policy/keys/:key", endpoint(RESET_USAGE), async (c) => {
    const { policy: name, key } = c.req.valid("param");
    const access = accessOf(c);
    const policy = await knownPolicy(access, name);
    if (policy === null) return noSuchPolicy(c, name);
    await resetUsage(access, policy, key);
    return c.body(null, 204);
  })
  .get(
    "/protected",
    endpoint(PROTECTED),
    rateLimit<AppEnv>({
      access: accessOf,
      policies: [PROTECTED_POLICY],
      apiKey: (c) => c.get("principal").keyId,
      onLimited: rateLimited,
    }),
    (c) => c.json({ ok: true as const }, 200),
  );

function accessOf(c: Ctx): LimiterAccess {
  const { redis, attempts, newId, caches, config } = c.get("deps");
  return {
    redis,
    attempts,
    newId,
    policies: caches.named<Policy>("rate-limiting.policies", POLICIES),
    lastKnown: caches.named<Policy>("rate-limiting.last-known", LAST_KNOWN),
    blocked: caches.named<Blocked>("rate-limiting.blocked", BLOCKED),
    space: { instance: config.instance, tenant: c.get("principal").tenant },
  };
}

function isUndecidable(decision: Decision | Undecidable): decision is Undecidable {
  return decision.kind !== "judged" && decision.kind !== "let_pass";
}

interface Places {
  readonly checks: readonly Pick<NamedCheck, "policy">[];
  /** Where in the request the policy or the cost of a check stands. */
  readonly policy: (which: number) => string;
  readonly cost: (which: number) => string;
}

function undecidable(c: Ctx, decision: Undecidable, places: Places): Response {
  const { which } = decision;
  switch (decision.kind) {
    case "no_such_policy":
      return noSuchPolicy(c, places.checks[which]?.policy ?? "", places.policy(which));
    case "not_combinable":
      return notCombinable(c, places.policy(which));
    case "cost_too_high":
      return costTooHigh(c, places.cost(which), decision.costMax);
  }
}

/** Of what is let pass unasked nothing is known, so nothing more is promised. */
function verdictsOf(decision: Decision): readonly Verdict[] {
  if (decision.kind === "judged") return decision.judged.map(({ verdict }) => verdict);
  return decision.policies.map(({ limit }) => ({
    allowed: true,
    limit,
    remaining: 0,
    resetMs: 0,
    retryAfterMs: 0,
  }));
}

function policyReply({ name, algorithm, limit, windowMs, burst, onError, revision }: Policy) {
  return { policy: name, algorithm, limit, windowMs, burst, onError, revision };
}
