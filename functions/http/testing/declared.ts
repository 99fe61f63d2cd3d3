import type { RouterRoute } from "hono/types";
import * as z from "zod";
import { type EndpointSpec, endpointOf } from "../endpoint.ts";

interface Exchange {
  readonly method: string;
  /** Without what the routes are mounted at. */
  readonly path: string;
  readonly status: number;
  readonly body: unknown;
}

/** Throws when a reply is not one that the endpoint declares. */
export function checkDeclared(routes: readonly RouterRoute[], exchange: Exchange): void {
  const { method, path, status, body } = exchange;
  const spec = specOf(routes, method, path.replace(/\?.*/, ""));
  const reply = spec.replies[status];
  if (reply !== undefined) {
    z.parse(reply.schema ?? z.null(), body);
    return;
  }
  if (status < 300) throw new Error(`${spec.operation} does not declare ${status}`);
  const { code } = z.parse(z.looseObject({ code: z.string() }), body);
  const codes = spec.problems?.[status] ?? [];
  if (OWN_STATUSES.includes(status) && !codes.includes(code)) {
    throw new Error(`${spec.operation} does not declare ${status} ${code}`);
  }
}

/** Those that no endpoint answers unless it says so. */
const OWN_STATUSES = [404, 409, 422, 429];

function specOf(routes: readonly RouterRoute[], method: string, path: string): EndpointSpec {
  for (const route of routes) {
    const pattern = new RegExp(`^${route.path.replace(/:[a-z]+/gi, "[^/]+")}$`);
    const spec = endpointOf(route);
    if (spec !== null && route.method === method && pattern.test(path)) return spec;
  }
  throw new Error(`no endpoint for ${method} ${path}`);
}
