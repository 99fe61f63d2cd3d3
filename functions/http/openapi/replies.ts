/**
 * @module
 * Replies of an operation: those it declares, and the problems that any endpoint of its kind may answer.
 */
import * as z from "zod";
import type { ZodOpenApiResponseObject, ZodOpenApiResponsesObject } from "zod-openapi";
import type { EndpointSpec, ReplySpec } from "../endpoint.ts";
import { WITH_RETRY_AFTER } from "../problem.ts";

/** What `problem()` writes. */
export const ProblemSchema = z
  .object({
    type: z.string().meta({ format: "uri" }),
    title: z.string(),
    status: z.int().min(400).max(599),
    code: z.string().meta({ description: "Stable, snake_case: what a program branches on" }),
    detail: z.string().meta({ description: "What to do about it" }),
    retryable: z.boolean().meta({ description: "Whether the same request may succeed later" }),
    outcome: z
      .enum(["not_applied", "applied", "unknown"])
      .optional()
      .meta({ description: "Of a failed write: whether it took effect" }),
    retryAfterMs: z.int().optional().meta({ description: "On 423, 429 and 503" }),
    errors: z.array(z.object({ at: z.string(), message: z.string() })).optional(),
  })
  .meta({ description: "Problem details (RFC 9457)" });

/** Headers of every reply, as components that replies refer to. */
export const COMMON_HEADERS = headerObjects({
  "Kv-Request-Id": "What the reply is called in the service's log",
  "Kv-Cost": "`trips=N, requests=N`: sequential round trips to stores, and requests to them",
  "Server-Timing": "Milliseconds waited for `redis`, `db` and `do`",
  "Kv-Durability": "`single-database` where nothing survives the loss of the one Redis database",
  "Retry-After": "Whole seconds, at least 1",
});

const EVERY_REPLY = referring("Kv-Request-Id", "Kv-Cost", "Server-Timing", "Kv-Durability");

const STATUS_TEXT: Readonly<Record<number, string>> = {
  400: "Malformed",
  401: "No or unknown credential",
  403: "Not allowed",
  404: "Not found",
  409: "Conflict",
  412: "Precondition failed",
  413: "Too large",
  414: "URL too long",
  415: "Unsupported media type",
  421: "Stale owner",
  422: "Not acceptable as asked",
  423: "Locked",
  429: "Limited",
  500: "A bug of the service",
  503: "A dependency is not available, or overload",
  504: "Deadline exceeded",
};

export function repliesOf(spec: EndpointSpec): ZodOpenApiResponsesObject {
  const replies = new Map<number, ZodOpenApiResponseObject>();
  for (const [status, reply] of Object.entries(spec.replies)) {
    replies.set(Number(status), declared(reply));
  }
  for (const [status, codes] of problemCodes(spec)) {
    replies.set(status, withProblem(replies.get(status), status, codes));
  }
  return Object.fromEntries([...replies].sort(([a], [b]) => a - b));
}

function declared({
  description,
  schema,
  contentType,
  headers,
}: ReplySpec): ZodOpenApiResponseObject {
  return {
    description,
    headers: { ...EVERY_REPLY, ...headerObjects(headers ?? {}) },
    ...(schema === undefined
      ? {}
      : { content: { [contentType ?? "application/json"]: { schema } } }),
  };
}

/** Codes by status: the endpoint's own, and those that its parts imply. */
function problemCodes(spec: EndpointSpec): ReadonlyMap<number, ReadonlySet<string>> {
  const codes = new Map<number, Set<string>>();
  const add = (status: number, ...more: readonly string[]) => {
    const known = codes.get(status) ?? new Set();
    for (const code of more) known.add(code);
    codes.set(status, known);
  };
  for (const [status, own] of Object.entries(spec.problems ?? {})) add(Number(status), ...own);
  add(400, "bad_query", "bad_header");
  if (spec.params !== undefined || spec.body !== undefined) add(400, "bad_name");
  if (spec.body !== undefined) {
    add(400, "bad_body", "malformed_json");
    add(413, "too_large");
    add(415, "unsupported_media_type");
  }
  add(414, "uri_too_long");
  add(500, "internal");
  if (spec.credential !== undefined) add(503, "not_configured");
  if (spec.scope === null) return codes;
  add(401, "unauthorized");
  add(403, "missing_scope");
  add(503, "not_configured");
  return codes;
}

function withProblem(
  reply: ZodOpenApiResponseObject | undefined,
  status: number,
  codes: ReadonlySet<string>,
): ZodOpenApiResponseObject {
  const code = { type: "string" as const, enum: [...codes].sort() };
  return {
    description: reply?.description ?? STATUS_TEXT[status] ?? "Problem",
    headers: {
      ...EVERY_REPLY,
      ...(WITH_RETRY_AFTER.has(status) ? referring("Retry-After") : {}),
      ...reply?.headers,
    },
    content: {
      ...reply?.content,
      "application/problem+json": {
        schema: {
          allOf: [
            { $ref: "#/components/schemas/Problem" },
            { type: "object" as const, properties: { code } },
          ],
        },
      },
    },
  };
}

function referring(...names: readonly string[]) {
  return Object.fromEntries(
    names.map((name) => [name, { $ref: `#/components/headers/${name}` }] as const),
  );
}

function headerObjects(headers: Readonly<Record<string, string>>) {
  return Object.fromEntries(
    Object.entries(headers).map(([name, description]) => [
      name,
      { description, schema: { type: "string" as const } },
    ]),
  );
}
