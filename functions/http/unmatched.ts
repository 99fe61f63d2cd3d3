/**
 * @module
 * What to say where no endpoint took the request: another method would (405, or 204 to OPTIONS), or none (404).
 */
import type { Context } from "hono";
import type { RouterRoute } from "hono/types";
import type { AppEnv } from "./app-env.ts";
import { type EndpointSpec, endpointOf } from "./endpoint.ts";
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
  const specs = METHODS.map((method) => specFor(router, method, c.req.path));
  const taken = METHODS.filter((_, place) => specs[place] !== null);
  if (taken.length === 0) return notFound(c);
  if (takesCookie(c, specs)) c.set("isCookiePreflight", true);
  const allowed = [...taken, ...(taken.includes("GET") ? ["HEAD"] : []), "OPTIONS"];
  if (c.req.method !== "OPTIONS") return methodNotAllowed(c, allowed);
  return c.body(null, 204, { Allow: allowed.join(", ") });
}

/** Of a preflight the method that is asked for decides; a path may take a cookie for one and a key for another. */
function takesCookie(c: Context<AppEnv>, specs: readonly (EndpointSpec | null)[]): boolean {
  const asked = c.req.header("Access-Control-Request-Method");
  return specs.some(
    (spec, place) =>
      spec?.credential !== undefined && (asked === undefined || METHODS[place] === asked),
  );
}

function specFor(router: MethodTable, method: string, path: string): EndpointSpec | null {
  const [handlers] = router.match(method, path);
  for (const [handler] of handlers) {
    const [, route] = handler as readonly [unknown, RouterRoute];
    const spec = endpointOf(route);
    if (spec !== null) return spec;
  }
  return null;
}
