/**
 * @module
 * Endpoints of each kind, and endpoints that fail in the way their name says, for tests of the shell.
 */
import { Hono } from "hono";
import * as z from "zod";
import { type Outcome, UpstreamError, type UpstreamFault } from "../../../shared/kernel/errors.ts";
import type { AppEnv } from "../app-env.ts";
import { endpoint } from "../endpoint.ts";
import { Name } from "../names.ts";

/** In the text and the cause of every unexpected error: it must show nowhere. */
export const CANARY = "canary-81af-secret-value";

const spec = {
  operation: "test.run",
  summary: "",
  scope: "read",
  mutates: false,
  params: z.strictObject({ name: Name }),
  replies: {},
} as const;

/** Raises what the name says. */
function raise(name: string): never {
  const [kind, fault, outcome, storeCode] = name.split("~");
  if (kind === "upstream") {
    throw new UpstreamError({
      dependency: fault?.startsWith("pg") ? "postgres" : "redis",
      fault: (fault?.replace("pg-", "") ?? "timeout") as UpstreamFault,
      outcome: outcome as Outcome,
      ...(storeCode === undefined ? {} : { storeCode }),
    });
  }
  throw new RangeError(CANARY, { cause: CANARY });
}

export const failingRoutes = new Hono<AppEnv>()
  .get("/things/:name", endpoint(spec), (c) => c.json(c.req.valid("param")))
  .put("/things/:name", endpoint({ ...spec, scope: "write", mutates: true }), (c) =>
    c.json({}, 201, { "Cache-Control": "private, max-age=5" }),
  )
  .delete("/things/:name", endpoint({ ...spec, scope: "admin", mutates: true }), (c) =>
    c.body(null, 204),
  )
  .get("/tenant/:name", endpoint(spec), (c) => c.json(c.get("principal").tenant))
  .get("/raised/:name", endpoint(spec), (c) => raise(c.req.valid("param").name))
  .post("/raised/:name", endpoint({ ...spec, mutates: true }), (c) =>
    raise(c.req.valid("param").name),
  )
  .get("/redis/:name", endpoint(spec), async (c) => {
    const { redis } = c.get("deps");
    return c.json(await redis.command(["ECHO", c.req.valid("param").name]));
  })
  .get("/postgres/:name", endpoint(spec), async (c) =>
    c.json(await c.get("deps").postgres.query("SELECT 1 AS one", [])),
  )
  .get("/later/:name", endpoint(spec), (c) => {
    c.get("deps").afterReply(async () => raise(c.req.valid("param").name));
    return c.json({});
  });
