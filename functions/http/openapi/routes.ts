import { sha256 } from "@noble/hashes/sha2.js";
import { utf8ToBytes } from "@noble/hashes/utils.js";
import { Hono } from "hono";
import type { RouterRoute } from "hono/types";
import * as z from "zod";
import type { AppEnv } from "../app-env.ts";
import { endpoint } from "../endpoint.ts";
import { docsPage } from "./docs-page.ts";
import { DOCS_STYLE } from "./docs-style.ts";
import { mountedEndpoints, type OpenApiDocument, openApiDocument } from "./document.ts";

const OPENAPI = {
  operation: "service.openapi",
  summary: "This API as an OpenAPI 3.1 document",
  scope: null,
  mutates: false,
  replies: { 200: { description: "The document", schema: z.record(z.string(), z.unknown()) } },
} as const;

const DOCS = {
  operation: "service.docs",
  summary: "This API as a page to read",
  scope: null,
  mutates: false,
  replies: {
    200: { description: "The page", contentType: "text/html", schema: z.string() },
  },
} as const;

/** Both say what is deployed, so they may be kept for a moment only. */
const CACHE_CONTROL = "public, max-age=60";

/** `routes` is asked on the first request, when every route has been added. */
export function openApiRoutes(routes: () => readonly RouterRoute[]) {
  let document: OpenApiDocument | null = null;
  let json: string | null = null;
  let page: string | null = null;
  const made = () => {
    document ??= openApiDocument(mountedEndpoints(routes()));
    return document;
  };
  return new Hono<AppEnv>()
    .get("/openapi.json", endpoint(OPENAPI), (c) => {
      json ??= JSON.stringify(made());
      return c.body(json, 200, {
        "Content-Type": "application/json",
        "Cache-Control": CACHE_CONTROL,
      });
    })
    .get("/docs", endpoint(DOCS), async (c) => {
      page ??= String(await docsPage(made()));
      return c.body(page, 200, {
        "Content-Type": "text/html; charset=utf-8",
        "Cache-Control": CACHE_CONTROL,
        "Content-Security-Policy": contentSecurityPolicy(),
        "Referrer-Policy": "no-referrer",
      });
    });
}

/** The page has a style and nothing else, and no other page may frame it. */
function contentSecurityPolicy(): string {
  const hash = btoa(String.fromCharCode(...sha256(utf8ToBytes(DOCS_STYLE))));
  return `default-src 'none'; style-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;
}
