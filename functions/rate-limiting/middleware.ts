/**
 * @module
 * The limiter in front of a route of any Hono app.
 *
 *     app.use("/api/*", rateLimit({
 *       access: (c) => limiterOf(c.env).access(),
 *       policies: [{ name: "api", algorithm: "gcra", limit: 100, windowMs: 60_000, burst: 20, onError: "open" }],
 *       user: (c) => c.get("userId"),
 *     }));
 *
 * It reads no body and comes before whatever is dear. A request that passes gets the headers as well.
 */
import type { Context, Env, MiddlewareHandler } from "hono";
import { assert } from "../../shared/kernel/assert.ts";
import { UpstreamError } from "../../shared/kernel/errors.ts";
import type { LimiterAccess } from "./access.ts";
import { CHECKS_MAX, check, type Decision } from "./check.ts";
import { clientKey } from "./client-key.ts";
import { costMax, isGcra, type PolicyDefinition } from "./policy.ts";
import { rateLimitHeaders } from "./rate-limit-headers.ts";
import { retryAfterMsOf } from "./verdict.ts";

export interface InlinePolicy extends PolicyDefinition {
  /** Goes into the headers: 1 to 128 characters of `A-Z a-z 0-9 . _ ~ : @ -`. A stored policy of this name is another. */
  readonly name: string;
  /** Raise it when the policy changes while both versions are deployed; the higher one holds. Default 1. */
  readonly revision?: number;
}

export interface RateLimitOptions<E extends Env> {
  /** The store and the isolate's memory for this request; see `limiter.ts`. */
  readonly access: (c: Context<E>) => LimiterAccess;
  /** 1 to 8; more than one must all be `gcra`, and are charged all or none. */
  readonly policies: readonly InlinePolicy[];
  /** Public name of the caller's API key, once it is verified. */
  readonly apiKey?: (c: Context<E>) => string | undefined;
  /** Who is signed in, once that is verified. */
  readonly user?: (c: Context<E>) => string | undefined;
  /** Units that a request takes, at most the burst of each policy. Default 1. */
  readonly cost?: (c: Context<E>) => number;
  /** Makes the reply to a request that does not pass; the headers are added to it. */
  readonly onLimited?: (c: Context<E>, retryAfterMs: number) => Response;
}

const NAME = /^[A-Za-z0-9._~:@-]{1,128}$/;

/** Answers 429 past the limit, and 503 when the store does not answer and a policy is `closed`. */
export function rateLimit<E extends Env>(options: RateLimitOptions<E>): MiddlewareHandler<E> {
  const { access, cost = () => 1 } = options;
  const policies = options.policies.map((policy) => ({ revision: 1, ...policy }));
  assert(policies.length >= 1 && policies.length <= CHECKS_MAX, "one to eight policies");
  const names = new Set(policies.map(({ name }) => name).filter((name) => NAME.test(name)));
  assert(names.size === policies.length, "each policy needs a name of its own");
  assert(policies.length === 1 || policies.every(isGcra), "only gcra policies combine");
  return async (c, next) => {
    const key = clientKey({
      apiKey: options.apiKey?.(c),
      user: options.user?.(c),
      address: c.req.header("CF-Connecting-IP"),
    });
    const units = cost(c);
    assert(
      Number.isSafeInteger(units) &&
        units >= 1 &&
        policies.every((policy) => units <= costMax(policy)),
      "a request costs a whole number of units that each policy could let pass",
    );
    const given = access(c);
    const decision = await decide(
      { ...given, space: { ...given.space, isInline: true } },
      policies.map((policy) => ({ policy, key, cost: units })),
    );
    if (decision === null) return unavailable(c);
    if (decision.kind === "let_pass" || decision.allowed) await next();
    else {
      const retryAfterMs = retryAfterMsOf(decision.judged);
      c.res = options.onLimited?.(c, retryAfterMs) ?? limited(c, retryAfterMs);
    }
    for (const [name, value] of Object.entries(rateLimitHeaders(decision))) {
      c.header(name, value);
    }
    return undefined;
  };
}

/** Null when the store does not answer and a policy is `closed`. */
async function decide(
  access: LimiterAccess,
  checks: Parameters<typeof check>[1],
): Promise<Decision | null> {
  try {
    const decision = await check(access, checks);
    assert(decision.kind === "judged" || decision.kind === "let_pass", "options were checked");
    return decision;
  } catch (error) {
    if (error instanceof UpstreamError) return null;
    throw error;
  }
}

function limited(c: Context, retryAfterMs: number): Response {
  return problem(c, 429, {
    code: "rate_limited",
    title: "Too many requests",
    detail: "The limit is used up. Try again after the time in Retry-After.",
    retryAfterMs,
  });
}

function unavailable(c: Context): Response {
  c.header("Retry-After", "1");
  return problem(c, 503, {
    code: "limiter_unavailable",
    title: "Limiter unavailable",
    detail: "The limiter cannot be asked, and this route is closed then. Try again later.",
    retryAfterMs: 1_000,
  });
}

/** RFC 9457, in the form of this service. */
function problem(
  c: Context,
  status: 429 | 503,
  fields: {
    readonly code: string;
    readonly title: string;
    readonly detail: string;
    readonly retryAfterMs: number;
  },
): Response {
  const { code, title, detail, retryAfterMs } = fields;
  const type = `urn:edge-kv:problem:${code}`;
  const body = { type, title, status, code, detail, retryable: true, retryAfterMs };
  return c.body(JSON.stringify(body), status, { "Content-Type": "application/problem+json" });
}
