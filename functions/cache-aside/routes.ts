/**
 * @module
 * HTTP face of cache-aside. A route parses, makes one call into the pattern, and chooses a status.
 */
import { type Context, Hono } from "hono";
import { attemptRead } from "../../shared/kernel/attempts.ts";
import { UpstreamError } from "../../shared/kernel/errors.ts";
import type { Deps } from "../deps.ts";
import type { AppEnv } from "../http/app-env.ts";
import { endpoint } from "../http/endpoint.ts";
import { preconditionOf, versionOfTag } from "../http/precondition.ts";
import { badHeader, idempotencyMismatch } from "../http/problems.ts";
import { invalidateAndCount } from "./cache.ts";
import type { Entry } from "./entry.ts";
import { createGate } from "./gate.ts";
import { installed, installState } from "./installed.ts";
import { TOO_MANY_OPS } from "./items.ts";
import type { ItemRef } from "./keys.ts";
import { opOf } from "./op.ts";
import {
  invalidationPending,
  notFound,
  overloaded,
  preconditionFailed,
  tooManyOps,
  waitedTooLong,
} from "./problems.ts";
import { DIRECT_READS_MAX, readItem, type Source } from "./read.ts";
import { DELETE_ITEM, GET_ITEM, INVALIDATE, PUT_ITEM, STATS } from "./schema.ts";
import { readStats, SUBJECT } from "./stats.ts";
import { type Invalidation, type WriteOutcome, write } from "./write.ts";

type Ctx = Context<AppEnv>;

/** What the requests of an isolate share: bounded, disposable, and without a promise. */
type Shared = ReturnType<typeof createShared>;

function createShared() {
  return {
    gate: createGate(DIRECT_READS_MAX),
    schema: installState(),
  };
}

export function cacheAsideRoutes() {
  const shared = createShared();
  return new Hono<AppEnv>()
    .put("/items/:id", endpoint(PUT_ITEM), (c) => {
      const { id } = c.req.valid("param");
      const { invalidate = "strict" } = c.req.valid("query");
      return writeFor(c, shared, { method: "PUT", id, value: c.get("bodyText"), invalidate });
    })
    .delete("/items/:id", endpoint(DELETE_ITEM), (c) => {
      const { id } = c.req.valid("param");
      const { invalidate = "strict" } = c.req.valid("query");
      return writeFor(c, shared, { method: "DELETE", id, value: null, invalidate });
    })
    .get("/items/:id", endpoint(GET_ITEM), (c) => read(c, shared, c.req.valid("param").id))
    .post("/invalidate", endpoint(INVALIDATE), async (c) => {
      const { redis, attempts } = c.get("deps");
      const ids = new Set(c.req.valid("json").ids);
      const items = [...ids].map((id) => itemOf(c, id));
      const invalidated = await attemptRead(attempts, (timeoutMs) =>
        invalidateAndCount(redis, items, timeoutMs),
      );
      return c.json({ invalidated }, 200);
    })
    .get("/stats", endpoint(STATS), async (c) => {
      const deps = c.get("deps");
      const stats = await readStats(deps, storesOf(deps, shared));
      const breaker = deps.isolate.redis?.breaker.state(deps.clock()) ?? "closed";
      return c.json({ ...stats, breaker }, 200);
    });
}

function itemOf(c: Ctx, id: string): ItemRef {
  return { instance: c.get("deps").config.instance, tenant: c.get("principal").tenant, id };
}

/** The stores of a request, with the pattern's schema in Postgres. */
function storesOf(deps: Deps, { schema }: Shared) {
  const { attempts, traffic } = deps;
  return {
    attempts,
    traffic,
    redis: deps.redis,
    postgres: installed(deps.postgres, schema, attempts),
  };
}

interface WriteCall {
  readonly method: "PUT" | "DELETE";
  readonly id: string;
  readonly value: string | null;
  readonly invalidate: Invalidation;
}

async function writeFor(c: Ctx, shared: Shared, { method, id, value, invalidate }: WriteCall) {
  const condition = preconditionOf(c);
  if (condition === null) {
    const message = 'must be "*" on a write, and not come together with If-Match';
    return badHeader(c, { at: "header.If-None-Match", message });
  }
  const deps = c.get("deps");
  const idempotencyKey = c.req.header("Idempotency-Key");
  const op = opOf({ method, idempotencyKey, body: value ?? "" }, deps.newId);
  const writing = { ...storesOf(deps, shared), afterReply: deps.afterReply };
  const change = { item: itemOf(c, id), value, op, condition };
  try {
    return writeReply(c, id, await write(writing, change, invalidate));
  } catch (error) {
    if (!(error instanceof UpstreamError) || error.storeCode !== TOO_MANY_OPS) throw error;
    return tooManyOps(c, error.outcome);
  }
}

function writeReply(c: Ctx, id: string, outcome: WriteOutcome) {
  if ("isReplayed" in outcome && outcome.isReplayed) c.header("Idempotency-Replayed", "true");
  switch (outcome.kind) {
    case "refused":
      return preconditionFailed(c, outcome.version);
    case "mismatch":
      return idempotencyMismatch(c);
    case "invalidation_pending":
      return invalidationPending(c, outcome.version);
    case "written":
    case "deleted":
      break;
  }
  if (outcome.invalidation === "pending") c.header("Kv-Invalidation", "pending");
  if (outcome.kind === "deleted") return c.body(null, 204);
  const { version, isCreated } = outcome;
  c.header("ETag", `"${version}"`);
  return c.json({ id, version }, isCreated ? 201 : 200);
}

async function read(c: Ctx, shared: Shared, id: string): Promise<Response> {
  const deps = c.get("deps");
  const { attempts, redis, clock, random, newId, afterReply } = deps;
  const found = await readItem(
    {
      attempts,
      redis,
      // A hit does without.
      get postgres() {
        return installed(deps.postgres, shared.schema, attempts);
      },
      clock,
      random,
      newId,
      afterReply,
      gate: shared.gate,
      count: (what) => deps.countEvent(SUBJECT, what),
    },
    itemOf(c, id),
  );
  switch (found.kind) {
    case "overloaded":
      return overloaded(c);
    case "waited":
      return waitedTooLong(c);
    case "item":
      return itemReply(c, found.entry, cachingHeaders(found.entry, found.source, clock()));
  }
}

const STATUS = {
  hit: "hit",
  stale: "fwd=stale",
  miss: "fwd=miss",
  collapsed: "fwd=miss; collapsed",
  bypass: "fwd=bypass; detail=redis_unavailable",
} as const satisfies Record<Source, string>;

/** `Age` and `Cache-Status` (RFC 9211). */
function cachingHeaders(entry: Entry, source: Source, nowMs: number): Record<string, string> {
  const ageS = Math.max(0, Math.floor((nowMs - entry.loadedAtMs) / 1_000));
  const ttlS = source === "bypass" ? 0 : Math.floor((entry.freshUntilMs - nowMs) / 1_000);
  return { Age: String(ageS), "Cache-Status": `edge-kv; ${STATUS[source]}; ttl=${ttlS}` };
}

function itemReply(c: Ctx, { version, value }: Entry, headers: Record<string, string>): Response {
  if (version === null) return notFound(c, headers);
  headers["ETag"] = `"${version}"`;
  const wanted = c.req.header("If-None-Match");
  if (wanted !== undefined && (wanted === "*" || versionOfTag(wanted) === version)) {
    return c.body(null, 304, headers);
  }
  headers["Content-Type"] = "application/json";
  return c.body(value, 200, headers);
}
