/**
 * @module
 * What to say where no endpoint took the request: another method would (405, or 204 to OPTIONS), or none (404).
 */
import type { Context } from "hono";
import type { RouterRoute } from "hono/types";
import type { AppEnv } from "./app-env.ts";
import { endpointOf } from "./endpoint.ts";
import { methodNotAllowed, notFound } from "./problems.ts";

const METHODS = ["GET", "PUT", "POST", "PATCH", "DELETE"] as const;

/** The part of Hono's router that is asked which methods a path has. */
export interface MethodTable {
  match(
    method: string,
    path: string,
  ): readonly [readonly (readonly [unknown, unknown])[], ...unknown[]];
}

export function unmatched(c: Context<AppEnv>, router: MethodTable): Response {
  const taken = METHODS.filter((method) => isTaken(router, method, c.req.path));
  if (taken.length === 0) return notFound(c);
  const allowed = [...taken, ...(taken.includes("GET") ? ["HEAD"] : []), "OPTIONS"];
  if (c.req.method !== "OPTIONS") return methodNotAllowed(c, allowed);
  return c.body(null, 204, { Allow: allowed.join(", ") });
}

function isTaken(router: MethodTable, method: string, path: string): boolean {
  const [handlers] = router.match(method, path);
  return handlers.some(([handler]) => {
    const [, route] = handler as readonly [unknown, RouterRoute];
    return endpointOf(route) !== null;
  });
}
