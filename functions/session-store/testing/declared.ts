import * as z from "zod";
import { type EndpointSpec, endpointOf } from "../../http/endpoint.ts";
import { sessionStoreRoutes } from "../routes.ts";

/** Throws when a reply is not one that the endpoint declares. `path` begins behind the pattern's. */
export function checkDeclared(method: string, path: string, status: number, body: unknown): void {
  const spec = specOf(method, path.replace(/\?.*/, ""));
  if (status < 300) {
    const reply = spec.replies[status];
    if (reply === undefined) throw new Error(`${spec.operation} does not declare ${status}`);
    z.parse(reply.schema ?? z.null(), body);
    return;
  }
  const { code, outcome } = z.parse(
    z.looseObject({ code: z.string(), outcome: z.string().optional() }),
    body,
  );
  const codes = spec.problems?.[status] ?? [];
  if (OWN_STATUSES.includes(status) && !codes.includes(code)) {
    throw new Error(`${spec.operation} does not declare ${status} ${code}`);
  }
  if (spec.mutates && WITH_OUTCOME.includes(status) && outcome === undefined) {
    throw new Error(`${status} ${code} does not say what became of the write`);
  }
}

/** Those that no endpoint answers unless it says so. */
const OWN_STATUSES = [404, 409, 412, 422];

const WITH_OUTCOME = [409, 412, 421, 423, 500, 503, 504];

function specOf(method: string, path: string): EndpointSpec {
  for (const route of sessionStoreRoutes.routes) {
    const pattern = new RegExp(`^${route.path.replace(/:[a-zA-Z]+/g, "[^/]+")}$`);
    const spec = endpointOf(route);
    if (spec !== null && route.method === method && pattern.test(path)) return spec;
  }
  throw new Error(`no endpoint for ${method} ${path}`);
}
