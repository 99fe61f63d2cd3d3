/**
 * @module
 * A Worker with the shell and three routes, for tests that speak HTTP to it over a socket of their own.
 */
import { Hono } from "hono";
import * as z from "zod";
import { createApp } from "../../app.ts";
import { createDepsFor } from "../../deps.ts";
import type { AppEnv } from "../app-env.ts";
import { endpoint } from "../endpoint.ts";
import { IDEMPOTENCY_KEY } from "../headers.ts";
import { Name } from "../names.ts";

const SOCKET_BODY_BYTES_MAX = 256 * 1024;

const spec = { summary: "", mutates: false, replies: {} } as const;

const routes = new Hono<AppEnv>()
  .get(
    "/names/:name",
    endpoint({
      ...spec,
      operation: "test.get",
      scope: "read",
      params: z.strictObject({ name: Name }),
    }),
    (c) => c.json(c.req.valid("param")),
  )
  .get(
    "/keys/:key",
    endpoint({
      ...spec,
      operation: "test.key",
      scope: "read",
      params: z.strictObject({ key: z.string() }),
    }),
    (c) => c.json(c.req.valid("param")),
  )
  .post(
    "/bodies",
    endpoint({
      ...spec,
      operation: "test.post",
      scope: "write",
      body: z.string(),
      bodyBytesMax: SOCKET_BODY_BYTES_MAX,
      headers: [IDEMPOTENCY_KEY],
    }),
    (c) => c.json({ length: c.req.valid("json").length }),
  );

export const socketWorker = { fetch: createApp(createDepsFor()).route("/t", routes).fetch };
