/**
 * @module
 * The problems that any endpoint may answer. A pattern's own (`board_differs`, `precondition_failed`, …)
 * stand beside its routes.
 */
import type { Context } from "hono";
import { RETRY_TIME_MIN_MS } from "../../shared/kernel/attempts.ts";
import { UpstreamError } from "../../shared/kernel/errors.ts";
import type { AppEnv } from "./app-env.ts";
import type { Scope } from "./auth.ts";
import { NotConfigured } from "./not-configured.ts";
import { type FieldError, problem } from "./problem.ts";

type Ctx = Context<AppEnv>;

export function invalid(c: Ctx, code: string, errors: readonly FieldError[]): Response {
  const [first] = errors;
  const detail =
    first === undefined ? "The request is not valid." : `${first.at} ${first.message}.`;
  return problem(c, { status: 400, code, title: "Invalid request", detail, errors });
}

export function badHeader(c: Ctx, error: FieldError): Response {
  return invalid(c, "bad_header", [error]);
}

export function malformedJson(c: Ctx, what: string): Response {
  const detail = `The body ${what}. Send one JSON value.`;
  return problem(c, { status: 400, code: "malformed_json", title: "Malformed JSON", detail });
}

export function tooLarge(
  c: Ctx,
  { what, bytesMax }: { readonly what: string; readonly bytesMax: number },
): Response {
  const detail = `The ${what} may have at most ${bytesMax} bytes.`;
  return problem(c, { status: 413, code: "too_large", title: "Too large", detail });
}

export function uriTooLong(c: Ctx, charactersMax: number): Response {
  const detail = `The URL may have at most ${charactersMax} characters.`;
  return problem(c, { status: 414, code: "uri_too_long", title: "URL too long", detail });
}

export function unsupportedMediaType(c: Ctx): Response {
  const detail = "Send the body as application/json in UTF-8.";
  const title = "Unsupported media type";
  return problem(c, { status: 415, code: "unsupported_media_type", title, detail });
}

export function unauthorized(c: Ctx, kind: "missing" | "malformed" | "unknown"): Response {
  const detail = {
    missing: "Send an API key as `Authorization: Bearer <key>`.",
    malformed: "The Authorization header must hold exactly one `Bearer <key>`.",
    unknown: "This API key is not known here.",
  }[kind];
  const headers = { "WWW-Authenticate": 'Bearer realm="edge-kv-patterns"' };
  return problem(c, { status: 401, code: "unauthorized", title: "Unauthorized", detail, headers });
}

export function missingScope(c: Ctx, scope: Scope): Response {
  const detail = `This call needs a key with the scope ${scope}.`;
  return problem(c, { status: 403, code: "missing_scope", title: "Missing scope", detail });
}

export function notFound(c: Ctx): Response {
  const detail = "There is no such endpoint. GET /openapi.json lists them.";
  return problem(c, { status: 404, code: "no_such_endpoint", title: "Not found", detail });
}

export function methodNotAllowed(c: Ctx, allowed: readonly string[]): Response {
  const allow = allowed.join(", ");
  return problem(c, {
    status: 405,
    code: "method_not_allowed",
    title: "Method not allowed",
    detail: `This path takes ${allow}.`,
    headers: { Allow: allow },
  });
}

export function idempotencyMismatch(c: Ctx): Response {
  return problem(c, {
    status: 422,
    code: "idempotency_mismatch",
    title: "Idempotency key reused",
    detail: "This Idempotency-Key was used with another body. Use a new key for a new request.",
    retryable: false,
    outcome: "not_applied",
  });
}

/** `sentence` names the binding and what is wrong with it (`ConfigFaults`). */
export function notConfigured(c: Ctx, sentence: string): Response {
  return problem(c, {
    status: 503,
    code: "not_configured",
    title: "Not configured",
    detail: `${sentence} \`npm run deploy\` names each binding and the command that sets it.`,
    retryable: false,
    ...(c.get("endpoint")?.mutates ? { outcome: "not_applied" } : {}),
    retryAfterMs: 60_000,
  });
}

/**
 * A failed dependency: 504 when it did not answer and the caller's deadline leaves no time to ask again, else
 * 503. A write gives up when it expires, which is that late.
 */
function upstreamProblem(c: Ctx, error: UpstreamError): Response {
  const mutates = c.get("endpoint")?.mutates ?? false;
  const outcome = mutates ? { outcome: error.outcome } : {};
  const leftMs = c.get("deps").attempts.deadline.remainingMs();
  if (error.fault === "timeout" && leftMs <= RETRY_TIME_MIN_MS) {
    const detail = `${error.dependency} did not answer within the deadline.`;
    return problem(c, {
      status: 504,
      code: "deadline",
      title: "Deadline exceeded",
      detail,
      ...outcome,
    });
  }
  return problem(c, {
    status: 503,
    code: `${error.dependency.replace("-", "_")}_unavailable`,
    title: "Dependency unavailable",
    detail: `${error.dependency} is not available (${error.fault}). Try again later.`,
    ...outcome,
  });
}

/** The last resort: maps whatever a handler threw. Names of errors are kept, their texts are not. */
export function problemOf(c: Ctx, error: Error): Response {
  if (error instanceof UpstreamError) return upstreamProblem(c, error);
  if (error instanceof NotConfigured) return notConfigured(c, error.message);
  const detail = "This is a bug of the service. Quote Kv-Request-Id when you report it.";
  return problem(c, { status: 500, code: "internal", title: "Internal error", detail });
}
