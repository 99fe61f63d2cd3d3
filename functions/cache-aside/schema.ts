/**
 * @module
 * The endpoints of cache-aside as data: what they accept and what they answer.
 */
import * as z from "zod";
import { VALUE_BYTES_MAX } from "../http/body.ts";
import type { EndpointSpec } from "../http/endpoint.ts";
import { IDEMPOTENCY_KEY, IF_MATCH, IF_NONE_MATCH } from "../http/headers.ts";
import { JSON_DEPTH_MAX } from "../http/json-depth.ts";
import { Name } from "../http/names.ts";

export const INVALIDATE_IDS_MAX = 100;

const ItemParams = z.strictObject({ id: Name });

const WriteQuery = z.strictObject({
  invalidate: z
    .literal("async")
    .optional()
    .meta({ description: "Answer before Redis has forgotten the old value; reads may lag." }),
});

const AnyJson = z.unknown().meta({
  description: `Any JSON value, at most ${VALUE_BYTES_MAX} bytes, nested at most ${JSON_DEPTH_MAX} deep`,
});

const Version = z.string().meta({ description: "Opaque; compare for equality only" });

const KEY = {
  ...IDEMPOTENCY_KEY,
  description: `${IDEMPOTENCY_KEY.description} Known for a minute after the write has expired.`,
};

const CONDITIONS = [KEY, IF_MATCH, IF_NONE_MATCH];

const WRITE_PROBLEMS = {
  412: ["precondition_failed"],
  422: ["idempotency_mismatch"],
  503: ["invalidation_pending", "too_many_ops", "postgres_unavailable"],
  504: ["deadline"],
} as const;

const WRITE_HEADERS = {
  "Idempotency-Replayed":
    "`true` when this is what an earlier request with this Idempotency-Key was told",
  "Kv-Invalidation": "`pending` when `invalidate=async` was asked for",
};

const WRITTEN_HEADERS = { ...WRITE_HEADERS, ETag: "The version, quoted" };

const Written = z.object({ id: Name, version: Version });

export const PUT_ITEM = {
  operation: "cache-aside.put",
  summary: "Write an item: Postgres first, then the cache forgets it, then the reply",
  scope: "write",
  mutates: true,
  params: ItemParams,
  query: WriteQuery,
  body: AnyJson,
  bodyBytesMax: VALUE_BYTES_MAX,
  headers: CONDITIONS,
  replies: {
    200: {
      description: "Replaced; no read is older from now on",
      schema: Written,
      headers: WRITTEN_HEADERS,
    },
    201: { description: "Created", schema: Written, headers: WRITTEN_HEADERS },
  },
  problems: WRITE_PROBLEMS,
} as const satisfies EndpointSpec;

export const DELETE_ITEM = {
  operation: "cache-aside.delete",
  summary: "Delete an item, also when there is none",
  scope: "write",
  mutates: true,
  params: ItemParams,
  query: WriteQuery,
  headers: CONDITIONS,
  replies: {
    204: { description: "Gone; no read finds it from now on", headers: WRITE_HEADERS },
  },
  problems: WRITE_PROBLEMS,
} as const satisfies EndpointSpec;

const READ_HEADERS = {
  ETag: "The version, quoted",
  Age: "Seconds since it was loaded from Postgres",
  "Cache-Status":
    "`edge-kv; hit|fwd=miss|fwd=stale|fwd=bypass; ttl=<seconds of freshness left>` (RFC 9211)",
};

export const GET_ITEM = {
  operation: "cache-aside.get",
  summary: "Read an item through the cache",
  scope: "read",
  mutates: false,
  params: ItemParams,
  headers: [IF_NONE_MATCH],
  replies: {
    200: {
      description: "The JSON value as it was written",
      schema: AnyJson,
      headers: READ_HEADERS,
    },
    304: { description: "The version in `If-None-Match` is current", headers: READ_HEADERS },
  },
  problems: {
    404: ["not_found"],
    503: ["overloaded", "postgres_unavailable"],
    504: ["deadline"],
  },
} as const satisfies EndpointSpec;

export const INVALIDATE = {
  operation: "cache-aside.invalidate",
  summary: "Drop items from the cache after their rows were changed behind this service's back",
  scope: "write",
  mutates: true,
  body: z.strictObject({ ids: z.array(Name).min(1).max(INVALIDATE_IDS_MAX) }),
  replies: {
    200: {
      description: "None of them is cached any more",
      schema: z.object({
        invalidated: z.int().meta({
          description:
            "How many were cached or being loaded; fewer when the answer to a first attempt was lost, because the second found less",
        }),
      }),
    },
  },
  problems: { 503: ["redis_unavailable"], 504: ["deadline"] },
} as const satisfies EndpointSpec;

const Sum = z.int().min(0);

export const STATS = {
  operation: "cache-aside.stats",
  summary: "What the cache did in this deployment, all isolates together, about a second late",
  scope: "read",
  mutates: false,
  replies: {
    200: {
      description: "The sums",
      schema: z.object({
        hits: Sum.meta({ description: "Reads answered by a fresh entry, known absence included" }),
        misses: Sum.meta({
          description: "Reads that were answered from Postgres by a load of their own",
        }),
        stale: Sum.meta({ description: "Reads answered by an entry past its freshness" }),
        fills: Sum.meta({ description: "Loads that were cached" }),
        coalesced: Sum.meta({ description: "Reads that waited for another read's load" }),
        databaseQueries: Sum.meta({ description: "Loads sent to Postgres" }),
        outboxPending: Sum.nullable().meta({
          description:
            "Items whose invalidation Redis has not confirmed; null while Postgres does not answer",
        }),
        breaker: z
          .enum(["closed", "open", "half_open"])
          .meta({ description: "Towards Redis, in the isolate that answers" }),
      }),
    },
  },
  problems: { 503: ["durable_object_unavailable"], 504: ["deadline"] },
} as const satisfies EndpointSpec;
