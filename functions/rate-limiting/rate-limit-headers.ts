/**
 * @module
 * A decision as headers: `RateLimit-Policy` and `RateLimit` (draft-ietf-httpapi-ratelimit-headers-10,
 * structured-field lists, RFC 9651) and `Retry-After` (RFC 9110 section 10.2.3). Seconds are rounded up, so
 * that who obeys is never early where the algorithm says exactly when.
 */
import type { Decision } from "./check.ts";
import { type Judged, retryAfterMsOf } from "./verdict.ts";

/** Says that a request passed because the limiter could not be asked. */
const LIMITER_HEADER = "Kv-Limiter";

export function rateLimitHeaders(decision: Decision): Readonly<Record<string, string>> {
  if (decision.kind === "let_pass") {
    return { "RateLimit-Policy": policies(decision.policies), [LIMITER_HEADER]: "fail-open" };
  }
  const { allowed, judged } = decision;
  return {
    "RateLimit-Policy": policies(judged.map(({ policy }) => policy)),
    RateLimit: judged.map(limit).join(", "),
    ...(allowed ? {} : { "Retry-After": String(seconds(retryAfterMsOf(judged))) }),
  };
}

/** A policy's name holds nothing that a structured-field string would have to escape. */
function policies(all: readonly Judged["policy"][]): string {
  return all
    .map(({ name, limit, windowMs }) => `"${name}";q=${limit};w=${seconds(windowMs)}`)
    .join(", ");
}

/** `t`: until the quota is whole again, or for what was refused until it may pass, as Retry-After says. */
function limit({ policy, verdict }: Judged): string {
  const { allowed, remaining, resetMs, retryAfterMs } = verdict;
  return `"${policy.name}";r=${remaining};t=${seconds(allowed ? resetMs : retryAfterMs)}`;
}

function seconds(ms: number): number {
  return Math.ceil(ms / 1_000);
}
