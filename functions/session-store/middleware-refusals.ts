import type { Context } from "hono";
import { FIELDS_MAX, SESSION_BYTES_MAX } from "./policy.ts";

/** Why the middleware answers instead of the route. */
export type Refusal = keyof typeof REFUSALS;

const REFUSALS = {
  no_session: {
    status: 401,
    title: "No session",
    detail: "The cookie is of no session, or of one that has ended. Sign in again.",
  },
  bad_origin: {
    status: 403,
    title: "Bad origin",
    detail: "A call that changes something needs the Origin header of a page that may call.",
  },
  too_large: {
    status: 413,
    title: "Too large",
    detail: `A session may have at most ${SESSION_BYTES_MAX} bytes.`,
  },
  too_many_fields: {
    status: 409,
    title: "Too many fields",
    detail: `A session holds at most ${FIELDS_MAX} fields.`,
  },
  store_unavailable: {
    status: 503,
    title: "Sessions unavailable",
    detail: "The session cannot be read or stored right now. Try again later.",
  },
} as const;

/** RFC 9457, in the form of this service. */
export function refusal(c: Context, code: Refusal): Response {
  const { status, title, detail } = REFUSALS[code];
  const isRetryable = status === 503;
  const body = {
    type: `urn:edge-kv:problem:${code}`,
    title,
    status,
    code,
    detail,
    retryable: isRetryable,
    ...(isRetryable ? { retryAfterMs: 1_000 } : {}),
  };
  return c.body(JSON.stringify(body), status, {
    "Content-Type": "application/problem+json",
    ...(isRetryable ? { "Retry-After": "1" } : {}),
  });
}
