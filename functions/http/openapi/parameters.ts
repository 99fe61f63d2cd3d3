import type { ZodObjectInput, ZodOpenApiOperationObject } from "zod-openapi";
import type { EndpointSpec } from "../endpoint.ts";
import { DEADLINE, type RequestHeader } from "../headers.ts";

/** Path, query and header parameters of an operation; every operation takes a deadline. */
export function parametersOf(
  spec: EndpointSpec,
): Pick<ZodOpenApiOperationObject, "requestParams" | "parameters"> {
  const params = spec.params as ZodObjectInput | undefined;
  const query = spec.query as ZodObjectInput | undefined;
  return {
    requestParams: {
      ...(params === undefined ? {} : { path: params }),
      ...(query === undefined ? {} : { query }),
    },
    parameters: [...(spec.headers ?? []), DEADLINE].map(headerParameter),
  };
}

function headerParameter({ name, pattern, rule, description }: RequestHeader) {
  return {
    name,
    in: "header" as const,
    description: `${description} It ${rule}.`,
    schema: { type: "string" as const, pattern: pattern.source },
  };
}
