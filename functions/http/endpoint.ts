/**
 * @module
 * What an endpoint accepts, as data. One declaration is enforced here before the handler runs, counted by
 * the metrics and printed by the OpenAPI document, so the three cannot differ.
 *
 * The order of refusals is fixed: path encoding, credentials, scope, path, query, headers, body. A caller
 * who may not call learns nothing about what would have been valid.
 */
import type { Context, MiddlewareHandler } from "hono";
import type { RouterRoute } from "hono/types";
import * as z from "zod";
import type { Config } from "../config.ts";
import type { AppEnv } from "./app-env.ts";
import { authenticate, type Scope } from "./auth.ts";
import { JSON_BODY_BYTES_MAX, readText } from "./body.ts";
import type { RequestHeader } from "./headers.ts";
import { isTooDeep, JSON_DEPTH_MAX } from "./json-depth.ts";
import { isBadName } from "./names.ts";
import type { FieldError } from "./problem.ts";
import {
  badHeader,
  invalid,
  malformedJson,
  missingScope,
  notConfigured,
  tooLarge,
  unauthorized,
  unsupportedMediaType,
} from "./problems.ts";
import { isDecodable, parseQuery } from "./query.ts";

export interface ReplySpec {
  readonly description: string;
  readonly schema?: z.ZodType;
  /** Default `application/json`. */
  readonly contentType?: string;
  /** Reply headers that mean something here, beyond those of every reply: name to meaning. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** A credential of a pattern's own, which browsers send by themselves: a cookie. */
export interface CredentialSpec {
  /** Its name among the OpenAPI document's security schemes. */
  readonly scheme: "sessionCookie";
  /** Refuses the caller, or leaves what it found in the context. Asks no store. */
  readonly refuse: (c: Context<AppEnv>) => Response | null;
}

export interface EndpointSpec {
  /** `pattern.verb`: the operation's name in metrics and OpenAPI. */
  readonly operation: string;
  readonly summary: string;
  /** Null for what anyone may read, and for what another credential opens. */
  readonly scope: Scope | null;
  /** What opens the endpoint instead of an API key. */
  readonly credential?: CredentialSpec;
  /** Whether a failure needs an `outcome`. */
  readonly mutates: boolean;
  readonly params?: z.ZodType;
  readonly query?: z.ZodType;
  readonly body?: z.ZodType;
  /** No body at all then counts as `{}`. */
  readonly isBodyOptional?: boolean;
  /** Default 4 MiB. */
  readonly bodyBytesMax?: number;
  /** Request headers that mean something here. */
  readonly headers?: readonly RequestHeader[];
  readonly replies: Readonly<Record<number, ReplySpec>>;
  /** Problem codes by status, beyond the ones every endpoint may answer. */
  readonly problems?: Readonly<Record<number, readonly string[]>>;
}

type Part<Name extends string, Schema> = Schema extends z.ZodType
  ? { [Key in Name]: z.output<Schema> }
  : object;

type PartIn<Name extends string, Schema> = Schema extends z.ZodType
  ? { [Key in Name]: z.input<Schema> }
  : object;

/** The validated parts, in the form Hono's typed client reads. */
export interface EndpointInput<Spec extends EndpointSpec> {
  in: PartIn<"param", Spec["params"]> &
    PartIn<"query", Spec["query"]> &
    PartIn<"json", Spec["body"]>;
  out: Part<"param", Spec["params"]> & Part<"query", Spec["query"]> & Part<"json", Spec["body"]>;
}

/** Marks the middleware that carries a declaration, so that the OpenAPI document can find it. */
const ENDPOINT: unique symbol = Symbol("endpoint");

export type EndpointHandler<Spec extends EndpointSpec> = MiddlewareHandler<
  AppEnv,
  string,
  EndpointInput<Spec>
> & { readonly [ENDPOINT]: EndpointSpec };

/** The declaration that a route carries; null for the handler behind it and for plain middleware. */
export function endpointOf(route: Pick<RouterRoute, "handler">): EndpointSpec | null {
  return (route.handler as { readonly [ENDPOINT]?: EndpointSpec })[ENDPOINT] ?? null;
}

/** Enforces a declaration; the handler after it reads `c.req.valid("param" | "query" | "json")`. */
export function endpoint<const Spec extends EndpointSpec>(spec: Spec): EndpointHandler<Spec> {
  const handler: MiddlewareHandler<AppEnv> = async (c, next) => {
    c.set("endpoint", spec);
    const refusal =
      refusePath(c) ??
      refuseCaller(c, spec) ??
      refuseParams(c, spec) ??
      refuseQuery(c, spec) ??
      refuseHeaders(c, spec) ??
      (spec.body === undefined ? null : await refuseBody(c, spec, spec.body));
    if (refusal !== null) return refusal;
    return await next();
  };
  return Object.assign(handler, { [ENDPOINT]: spec }) as EndpointHandler<Spec>;
}

/** A path that Hono could decode holds no `%` but of the characters that separate; those are looked at. */
function refusePath(c: Context<AppEnv>): Response | null {
  if (!c.req.path.includes("%") || isDecodable(new URL(c.get("url")).pathname)) return null;
  const errors = [{ at: "path", message: "holds a percent-encoding that is not UTF-8" }];
  return invalid(c, codeOfBadPath(c), errors);
}

function codeOfBadPath(c: Context<AppEnv>): "bad_key" | "bad_name" {
  return "key" in c.req.param() ? "bad_key" : "bad_name";
}

function refuseCaller(c: Context<AppEnv>, spec: EndpointSpec): Response | null {
  if (spec.scope === null) return spec.credential?.refuse(c) ?? null;
  const { config, keyring, clock } = c.get("deps");
  if (keyring === null) return notConfigured(c, refusalOf(config));
  const found = authenticate(keyring, c.req.header("Authorization"), clock());
  if (found.kind !== "known") return unauthorized(c, found.kind);
  if (!found.principal.scopes.has(spec.scope)) return missingScope(c, spec.scope);
  c.set("principal", found.principal);
  return null;
}

function refusalOf({ faults }: Config): string {
  return faults.instance ?? faults.apiKeys ?? "API_KEYS is not usable.";
}

function refuseParams(c: Context<AppEnv>, spec: EndpointSpec): Response | null {
  if (spec.params === undefined) return null;
  const params = spec.params.safeParse(c.req.param());
  if (!params.success) return invalid(c, codeOfBadPath(c), fieldErrors("path", params.error));
  c.req.addValidatedData("param", params.data as object);
  return null;
}

const NO_PARAMETERS = z.strictObject({});

function refuseQuery(c: Context<AppEnv>, spec: EndpointSpec): Response | null {
  const url = c.get("url");
  if (spec.query === undefined && !url.includes("?")) return null;
  const given = parseQuery(url);
  if (given.kind === "malformed") return invalid(c, "bad_query", [given.error]);
  const query = (spec.query ?? NO_PARAMETERS).safeParse(given.values);
  if (!query.success) return invalid(c, "bad_query", fieldErrors("query", query.error));
  c.req.addValidatedData("query", query.data as object);
  return null;
}

function refuseHeaders(c: Context<AppEnv>, spec: EndpointSpec): Response | null {
  for (const header of spec.headers ?? []) {
    const value = c.req.header(header.name);
    if (value === undefined) continue;
    if (!header.pattern.test(value)) {
      return badHeader(c, { at: `header.${header.name}`, message: header.rule });
    }
  }
  return null;
}

const JSON_TYPE = /^application\/(?:[a-z0-9.+-]+\+)?json\s*(?:;\s*charset\s*=\s*"?utf-8"?\s*)?$/i;

function isJson(contentType: string): boolean {
  return contentType === "application/json" || JSON_TYPE.test(contentType);
}

async function refuseBody(
  c: Context<AppEnv>,
  spec: EndpointSpec,
  schema: z.ZodType,
): Promise<Response | null> {
  const contentType = c.req.header("Content-Type");
  if (contentType !== undefined && !isJson(contentType)) return unsupportedMediaType(c);
  const bytesMax = spec.bodyBytesMax ?? JSON_BODY_BYTES_MAX;
  const body = await readText(c.req.raw, bytesMax);
  if (body.kind === "too_large") return tooLarge(c, { what: "body", bytesMax });
  if (body.kind === "not_utf8") return malformedJson(c, "is not UTF-8");
  const parsed = spec.isBodyOptional && body.text === "" ? {} : parseJson(body.text);
  if (parsed === NOT_JSON) return malformedJson(c, "is not valid JSON");
  if (isTooDeep(body.text, parsed)) return malformedJson(c, `nests deeper than ${JSON_DEPTH_MAX}`);
  const checked = schema.safeParse(parsed);
  if (!checked.success) {
    const code = isBadName(checked.error) ? "bad_name" : "bad_body";
    return invalid(c, code, fieldErrors("body", checked.error));
  }
  c.req.addValidatedData("json", checked.data as object);
  c.set("bodyText", body.text);
  return null;
}

const NOT_JSON = Symbol("not JSON");

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return NOT_JSON;
  }
}

const FIELD_ERRORS_MAX = 20;

function fieldErrors(part: string, error: z.ZodError): FieldError[] {
  return error.issues
    .slice(0, FIELD_ERRORS_MAX)
    .map(({ path, message }) => ({ at: [part, ...path.map(String)].join("."), message }));
}
