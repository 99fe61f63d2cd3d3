/**
 * @module
 * Errors as RFC 9457 problem details. Every error a caller sees is made here, so that none lacks its
 * `code`, none of a failed write lacks its `outcome`, and none carries a stack, a command or a value.
 */
import type { Context } from "hono";
import type { Outcome } from "../../shared/kernel/errors.ts";
import type { AppEnv } from "./app-env.ts";

export interface FieldError {
  /** Where in the request: `body.scores.3.member`, `query.limit`, `header.If-Match`. */
  readonly at: string;
  readonly message: string;
}

export type ProblemStatus =
  | 400
  | 401
  | 403
  | 404
  | 405
  | 409
  | 412
  | 413
  | 414
  | 415
  | 421
  | 422
  | 423
  | 429
  | 500
  | 503
  | 504;

export interface ProblemInit {
  readonly status: ProblemStatus;
  /** Stable, snake_case: what a program branches on. */
  readonly code: string;
  readonly title: string;
  /** What to do about it. */
  readonly detail: string;
  /** Whether the same request may succeed later. Default: by status. */
  readonly retryable?: boolean;
  /** Default for a mutating call: `not_applied` for a refusal, `unknown` for a failure. */
  readonly outcome?: Outcome;
  readonly errors?: readonly FieldError[];
  /** On 423, 429 and 503: exact in the body, whole seconds in `Retry-After`. Default 1,000. */
  readonly retryAfterMs?: number;
  readonly headers?: Readonly<Record<string, string>>;
}

const RETRYABLE: ReadonlySet<number> = new Set([423, 429, 503, 504]);
export const WITH_RETRY_AFTER: ReadonlySet<number> = new Set([423, 429, 503]);
const REFUSALS: ReadonlySet<number> = new Set([409, 412, 421, 423]);

export function problem(c: Context<AppEnv>, init: ProblemInit): Response {
  const { status, code, title, detail } = init;
  c.set("problemCode", code);
  const outcome = init.outcome ?? defaultOutcome(c, status);
  const retryAfterMs = WITH_RETRY_AFTER.has(status) ? (init.retryAfterMs ?? 1_000) : undefined;
  const body = {
    type: `urn:edge-kv:problem:${code}`,
    title,
    status,
    code,
    detail,
    retryable: init.retryable ?? RETRYABLE.has(status),
    ...(outcome === undefined ? {} : { outcome }),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    ...(init.errors === undefined ? {} : { errors: init.errors }),
  };
  const headers: Record<string, string> = {
    ...init.headers,
    "Content-Type": "application/problem+json",
  };
  if (retryAfterMs !== undefined) {
    headers["Retry-After"] = String(Math.max(1, Math.ceil(retryAfterMs / 1000)));
  }
  return c.body(JSON.stringify(body), status, headers);
}

function defaultOutcome(c: Context<AppEnv>, status: number): Outcome | undefined {
  if (!c.get("endpoint")?.mutates) return undefined;
  if (REFUSALS.has(status)) return "not_applied";
  return status >= 500 ? "unknown" : undefined;
}
