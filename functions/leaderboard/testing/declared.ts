import * as z from "zod";
import { type EndpointSpec, endpointOf } from "../../http/endpoint.ts";
import { leaderboardRoutes } from "../routes.ts";

/** Throws when a reply is not one that the endpoint declares. `path` begins with the board. */
export function checkDeclared(method: string, path: string, status: number, body: unknown): void {
  const spec = specOf(method, `/boards/${path.replace(/\?.*/, "")}`);
  if (status < 300) {
    const reply = spec.replies[status];
    if (reply === undefined) throw new Error(`${spec.operation} does not declare ${status}`);
    z.parse(reply.schema ?? z.null(), body);
    return;
  }
  const { code } = z.parse(z.looseObject({ code: z.string() }), body);
  const codes = spec.problems?.[status] ?? [];
  if (OWN_STATUSES.includes(status) && !codes.includes(code)) {
    throw new Error(`${spec.operation} does not declare ${status} ${code}`);
  }
}

/** Those that no endpoint answers unless it says so. */
const OWN_STATUSES = [404, 409, 422];

function specOf(method: string, path: string): EndpointSpec {
  for (const route of leaderboardRoutes.routes) {
    const pattern = new RegExp(`^${route.path.replace(/:[a-z]+/g, "[^/]+")}$`);
    const spec = endpointOf(route);
    if (spec !== null && route.method === method && pattern.test(path)) return spec;
  }
  throw new Error(`no endpoint for ${method} ${path}`);
}
