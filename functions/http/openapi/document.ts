/**
 * @module
 * The OpenAPI 3.1 document of an app, made from the declarations that its routes enforce: what it says is
 * what is checked.
 */
import type { RouterRoute } from "hono/types";
import {
  createDocument,
  type ZodOpenApiOperationObject,
  type ZodOpenApiPathsObject,
} from "zod-openapi";
import { PATTERNS } from "../../../shared/patterns.ts";
import { type EndpointSpec, endpointOf } from "../endpoint.ts";
import { parametersOf } from "./parameters.ts";
import { COMMON_HEADERS, ProblemSchema, repliesOf } from "./replies.ts";

/** The same as in package.json. */
export const API_VERSION = "0.1.0";

export type OpenApiDocument = ReturnType<typeof createDocument>;

const SERVICE_TAG = "service";

const DESCRIPTION = `Ten key-value design patterns over HTTP.

Call with \`Authorization: Bearer <key>\`. Durations are integers in milliseconds (\`…Ms\`), instants are
milliseconds since 1970 UTC (\`…At\`). Unknown request fields are refused. Every error is a problem document
(RFC 9457) with a stable \`code\`; for a failed write its \`outcome\` says whether it took effect.`;

/** A declared endpoint with the place where it is mounted. */
export interface MountedEndpoint {
  readonly method: string;
  /** With `{name}` for each parameter. */
  readonly path: string;
  readonly spec: EndpointSpec;
}

export function mountedEndpoints(routes: readonly RouterRoute[]): MountedEndpoint[] {
  return routes.flatMap((route) => {
    const spec = endpointOf(route);
    if (spec === null) return [];
    const path = route.path.replace(/:([A-Za-z]\w*)(?:\{[^}]*\})?/g, "{$1}");
    return [{ method: route.method.toLowerCase(), path, spec }];
  });
}

export function openApiDocument(endpoints: readonly MountedEndpoint[]): OpenApiDocument {
  const paths: ZodOpenApiPathsObject = {};
  for (const { method, path, spec } of endpoints) {
    paths[path] = { ...paths[path], [method]: operationOf(spec) };
  }
  return createDocument({
    openapi: "3.1.1",
    info: {
      title: "edge-kv-patterns",
      version: API_VERSION,
      description: DESCRIPTION,
      license: { name: "MIT", identifier: "MIT" },
    },
    servers: [{ url: "/" }],
    tags: tagsOf(endpoints),
    paths,
    components: {
      schemas: { Problem: ProblemSchema },
      headers: COMMON_HEADERS,
      securitySchemes: {
        apiKey: { type: "http", scheme: "bearer", description: "An API key of this deployment" },
        sessionCookie: {
          type: "apiKey",
          in: "cookie",
          name: "__Host-sid",
          description:
            "The cookie of a session; `sid` over plain http to this machine. Unsafe methods need a matching `Origin` besides.",
        },
      },
    },
  });
}

function tagsOf(endpoints: readonly MountedEndpoint[]) {
  const used = new Set(endpoints.map(({ spec }) => tagOf(spec)));
  const patterns = PATTERNS.filter(({ id }) => used.has(id));
  return [
    ...patterns.map(({ id, promise }) => ({ name: id, description: promise })),
    { name: SERVICE_TAG, description: "health, metrics and this document" },
  ];
}

function tagOf({ operation }: EndpointSpec): string {
  const [pattern] = operation.split(".", 1);
  return PATTERNS.find(({ id }) => id === pattern)?.id ?? SERVICE_TAG;
}

function securityOf({ scope, credential }: EndpointSpec): Record<string, string[]>[] {
  if (credential !== undefined) return [{ [credential.scheme]: [] }];
  return scope === null ? [] : [{ apiKey: [scope] }];
}

function operationOf(spec: EndpointSpec): ZodOpenApiOperationObject {
  return {
    operationId: spec.operation,
    summary: spec.summary,
    tags: [tagOf(spec)],
    security: securityOf(spec),
    ...parametersOf(spec),
    ...(spec.body === undefined
      ? {}
      : {
          requestBody: {
            required: !spec.isBodyOptional,
            content: { "application/json": { schema: spec.body } },
          },
        }),
    responses: repliesOf(spec),
  };
}
