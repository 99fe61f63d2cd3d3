/**
 * @module
 * The problems that only the session store has.
 */
import type { Context } from "hono";
import type { AppEnv } from "../http/app-env.ts";
import { problem } from "../http/problem.ts";
import { FIELDS_MAX, QUANTITY_MAX, SESSION_BYTES_MAX, SESSIONS_MAX, SKUS_MAX } from "./policy.ts";

type Ctx = Context<AppEnv>;

const NOT_APPLIED = { outcome: "not_applied" } as const;

/** `outcome` besides, where a write was refused. */
function notApplied(c: Ctx) {
  return c.get("endpoint")?.mutates ? NOT_APPLIED : {};
}

/** @param isAmbiguous whether a write may have been applied before its session ended */
export function noSession(
  c: Ctx,
  { isAmbiguous = false }: { readonly isAmbiguous?: boolean } = {},
): Response {
  return problem(c, {
    status: 401,
    code: "no_session",
    title: "No session",
    detail: "The cookie is of no session, or of one that has ended. Sign in again.",
    ...(isAmbiguous ? { outcome: "unknown" } : notApplied(c)),
  });
}

export function badOrigin(c: Ctx): Response {
  return problem(c, {
    status: 403,
    code: "bad_origin",
    title: "Bad origin",
    detail:
      "A call that changes something with a cookie needs an Origin header: the service's own origin, or one of SESSION_ORIGINS.",
    ...NOT_APPLIED,
  });
}

export function preconditionFailed(c: Ctx, version: string): Response {
  return problem(c, {
    status: 412,
    code: "precondition_failed",
    title: "Precondition failed",
    detail: "The session has another version now; ETag carries it.",
    headers: { ETag: `"${version}"` },
  });
}

export function tooLarge(c: Ctx): Response {
  return problem(c, {
    status: 413,
    code: "too_large",
    title: "Too large",
    detail: `Fields and cart of a session may have at most ${SESSION_BYTES_MAX} bytes, names included. Keep what is large elsewhere, and its id here.`,
    ...NOT_APPLIED,
  });
}

export function tooManyFields(c: Ctx): Response {
  return problem(c, {
    status: 409,
    code: "too_many_fields",
    title: "Too many fields",
    detail: `A session holds at most ${FIELDS_MAX} fields. Remove some first.`,
  });
}

export function cartFull(c: Ctx): Response {
  return problem(c, {
    status: 409,
    code: "cart_full",
    title: "Cart full",
    detail: `A cart holds at most ${SKUS_MAX} different articles. Remove some first.`,
  });
}

export function quantityRange(c: Ctx): Response {
  return problem(c, {
    status: 422,
    code: "quantity_range",
    title: "Quantity out of range",
    detail: `A cart holds at most ${QUANTITY_MAX} of an article.`,
    errors: [{ at: "body.quantity", message: "leads out of the range of quantities" }],
    ...NOT_APPLIED,
  });
}

export function tooManySessions(c: Ctx): Response {
  return problem(c, {
    status: 409,
    code: "too_many_sessions",
    title: "Too many sessions",
    detail: `A user has at most ${SESSIONS_MAX} sessions. End some first: DELETE /session-store/sessions/{publicId}.`,
  });
}

export function unknownSecret(c: Ctx): Response {
  return problem(c, {
    status: 503,
    code: "signing_secret_unknown",
    title: "Signing secret unknown",
    detail:
      "The cookie was made with a secret that this Worker has not got: it is being rolled out, or it was withdrawn. Try again; if this stays, sign in again.",
    outcome: "applied",
  });
}
