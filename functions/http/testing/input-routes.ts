/**
 * @module
 * Endpoints that use every part of a declaration, for tests of what the shell refuses.
 */
import { Hono } from "hono";
import * as z from "zod";
import type { AppEnv } from "../app-env.ts";
import { endpoint } from "../endpoint.ts";
import { IDEMPOTENCY_KEY, IF_MATCH, IF_NONE_MATCH } from "../headers.ts";
import { Name, queryInteger } from "../names.ts";

export const BODY_BYTES_MAX = 1_000;

export const inputRoutes = new Hono<AppEnv>()
  .get(
    "/names/:name",
    endpoint({
      operation: "test.get",
      summary: "",
      scope: "read",
      mutates: false,
      params: z.strictObject({ name: Name }),
      query: z.strictObject({ limit: queryInteger({ min: 1, max: 10 }).optional() }),
      headers: [IF_NONE_MATCH],
      replies: {},
    }),
    (c) =>
      c.json({
        ...c.req.valid("param"),
        ...c.req.valid("query"),
        remainingMs: c.get("deps").attempts.deadline.remainingMs(),
      }),
  )
  .get(
    "/keys/:key",
    endpoint({
      operation: "test.key",
      summary: "",
      scope: "read",
      mutates: false,
      params: z.strictObject({ key: z.string() }),
      replies: {},
    }),
    (c) => c.json(c.req.valid("param")),
  )
  .post(
    "/bodies",
    endpoint({
      operation: "test.post",
      summary: "",
      scope: "write",
      mutates: true,
      body: z.strictObject({ text: z.string(), any: z.json().optional() }),
      bodyBytesMax: BODY_BYTES_MAX,
      headers: [IDEMPOTENCY_KEY, IF_MATCH],
      replies: {},
    }),
    (c) => c.json({ json: c.req.valid("json"), text: c.get("bodyText") }),
  );
