/** The problems that only cache-aside answers. */
import type { Context } from "hono";
import type { Outcome } from "../../shared/kernel/errors.ts";
import type { AppEnv } from "../http/app-env.ts";
import { IDEMPOTENCY_KEY } from "../http/headers.ts";
import { problem } from "../http/problem.ts";
import { OPS_MAX } from "./items.ts";

type Ctx = Context<AppEnv>;

/** Long enough for the breaker's next trial. */
const RETRY_REDIS_MS = 1_000;

export function notFound(c: Ctx, headers: Readonly<Record<string, string>>): Response {
  return problem(c, {
    status: 404,
    code: "not_found",
    title: "Not found",
    detail: "There is no item with this id.",
    headers,
  });
}

export function preconditionFailed(c: Ctx, version: string | null): Response {
  return problem(c, {
    status: 412,
    code: "precondition_failed",
    title: "Precondition failed",
    detail:
      version === null
        ? "There is no such item now."
        : "The item has another version now; ETag carries it.",
    outcome: "not_applied",
    headers: tagOf(version),
  });
}

export function invalidationPending(c: Ctx, version: string | null): Response {
  return problem(c, {
    status: 503,
    code: "invalidation_pending",
    title: "Invalidation pending",
    detail: `The write is stored, but Redis did not confirm that it forgot the old value, so reads may still show it. It will be told again. ${
      c.req.header(IDEMPOTENCY_KEY.name) === undefined
        ? "A request with an Idempotency-Key can be repeated to know when."
        : "To know when, repeat the request with its Idempotency-Key within a minute."
    }`,
    outcome: "applied",
    retryAfterMs: RETRY_REDIS_MS,
    headers: tagOf(version),
  });
}

export function tooManyOps(c: Ctx, outcome: Outcome): Response {
  return problem(c, {
    status: 503,
    code: "too_many_ops",
    title: "Too many writes of one item",
    detail: `An item takes ${OPS_MAX} writes per deadline. Spread the writes over more items, or send a shorter Kv-Deadline-Ms.`,
    outcome,
  });
}

export function overloaded(c: Ctx): Response {
  return problem(c, {
    status: 503,
    code: "overloaded",
    title: "Overloaded",
    detail: "Redis does not answer and Postgres has as many reads as it should. Try again later.",
    retryAfterMs: RETRY_REDIS_MS,
  });
}

export function waitedTooLong(c: Ctx): Response {
  return problem(c, {
    status: 504,
    code: "deadline",
    title: "Deadline exceeded",
    detail:
      "The item is being loaded by another request, which took longer than this one could wait.",
  });
}

function tagOf(version: string | null): Readonly<Record<string, string>> {
  return version === null ? {} : { ETag: `"${version}"` };
}
