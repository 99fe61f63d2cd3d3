import { readFile } from "node:fs/promises";
import { Validator } from "@seriousme/openapi-schema-validator";
import { describe, it } from "vitest";
import * as z from "zod";
import { createApp } from "../../app.ts";
import { createDepsFor } from "../../deps.ts";
import { endpoint } from "../endpoint.ts";
import { IDEMPOTENCY_KEY } from "../headers.ts";
import { Name, queryInteger } from "../names.ts";
import { API_VERSION, mountedEndpoints, openApiDocument } from "./document.ts";

const app = createApp(createDepsFor());
const ENV = { INSTANCE: "test" } as Env;

const CONTEXT = { waitUntil: () => undefined, passThroughOnException: () => undefined, props: {} };

async function published(): Promise<Document> {
  const response = await app.request("/openapi.json", {}, ENV, CONTEXT as never);
  return (await response.json()) as Document;
}

interface Document extends Record<string, unknown> {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}

interface Operation {
  readonly operationId: string;
  readonly security: readonly unknown[];
  readonly parameters: readonly { readonly name: string; readonly in: string }[];
  readonly requestBody?: { readonly content: Readonly<Record<string, unknown>> };
  readonly responses: Readonly<Record<string, unknown>>;
}

function operations({ paths }: Document) {
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  );
}

describe("the OpenAPI document", () => {
  it("is valid OpenAPI 3.1", async ({ expect }) => {
    const validator = new Validator();
    const result = await validator.validate(await published());
    expect(result.errors ?? []).toEqual([]);
    expect([result.valid, validator.version]).toEqual([true, "3.1"]);
  });

  it("has every route of the app, and each operation once", async ({ expect }) => {
    const listed = operations(await published());
    const handlers = app.routes.filter(({ method }) => method !== "ALL");
    const mounted = new Set(handlers.map(({ method, path }) => `${method} ${path}`));
    expect(
      listed
        .map(({ method, path }) => `${method.toUpperCase()} ${path.replace(/\{(\w+)\}/g, ":$1")}`)
        .sort(),
    ).toEqual([...mounted].sort());
    const ids = listed.map(({ operation }) => operation.operationId);
    expect(ids).toEqual([...new Set(ids)]);
  });

  it("declares every parameter that is in a path", async ({ expect }) => {
    for (const { path, operation } of operations(await published())) {
      const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
      const declared = operation.parameters.filter(({ in: place }) => place === "path");
      expect(declared.map(({ name }) => name).sort(), path).toEqual(inPath.sort());
    }
  });

  it("wants a key for everything but health and the document itself", async ({ expect }) => {
    const open = operations(await published()).filter(
      ({ operation }) => operation.security.length === 0,
    );
    expect(open.map(({ path }) => path).sort()).toEqual([
      "/docs",
      "/health/live",
      "/health/ready",
      "/openapi.json",
    ]);
  });

  it("wants the cookie, and nothing else, for what a browser calls with it", async ({ expect }) => {
    const byCookie = operations(await published()).filter(({ operation }) =>
      operation.security.some((one) => Object.keys(Object(one)).includes("sessionCookie")),
    );
    expect(byCookie.length).toBeGreaterThan(5);
    for (const { path, operation } of byCookie) {
      expect([path, operation.security]).toEqual([path, [{ sessionCookie: [] }]]);
      expect(Object.keys(operation.responses)).toEqual(expect.arrayContaining(["401", "503"]));
    }
    const response = await app.request("/docs", {}, ENV, CONTEXT as never);
    expect((await response.text()).split("session cookie").length).toBeGreaterThan(byCookie.length);
  });

  it("says what a declaration says", ({ expect }) => {
    const declared = endpoint({
      operation: "leaderboard.submit",
      summary: "Submit",
      scope: "write",
      mutates: true,
      params: z.strictObject({ board: Name }),
      query: z.strictObject({ limit: queryInteger({ min: 1, max: 1_000 }).optional() }),
      body: z.strictObject({ score: z.int() }),
      headers: [IDEMPOTENCY_KEY],
      replies: {
        200: {
          description: "Done",
          schema: z.object({ rank: z.int() }),
          headers: { ETag: "The version" },
        },
      },
      problems: { 409: ["board_differs"], 422: ["score_range"] },
    });
    const route = { method: "POST", path: "/b/:board/scores", basePath: "/", handler: declared };
    const document = openApiDocument(mountedEndpoints([route]));
    const post = document.paths?.["/b/{board}/scores"]?.post;
    expect(post).toMatchObject({
      operationId: "leaderboard.submit",
      tags: ["leaderboard"],
      security: [{ apiKey: ["write"] }],
      parameters: [
        { name: "board", in: "path", required: true, schema: { type: "string" } },
        { name: "limit", in: "query", schema: { type: "integer", minimum: 1, maximum: 1_000 } },
        { name: "Idempotency-Key", in: "header" },
        { name: "Kv-Deadline-Ms", in: "header" },
      ],
      requestBody: {
        required: true,
        content: { "application/json": { schema: { properties: { score: { type: "integer" } } } } },
      },
    });
    expect(Object.keys(post?.responses ?? {})).toEqual([
      "200",
      "400",
      "401",
      "403",
      "409",
      "413",
      "414",
      "415",
      "422",
      "500",
      "503",
    ]);
    expect(JSON.stringify(post?.responses?.["409"])).toContain('"enum":["board_differs"]');
    expect(JSON.stringify(post?.responses?.["200"])).toContain("ETag");
  });

  it("has the version of the package", async ({ expect }) => {
    const manifest = new URL("../../../package.json", import.meta.url);
    expect(API_VERSION).toBe(JSON.parse(await readFile(manifest, "utf8")).version);
  });
});

describe("the page of the document", () => {
  it("shows every operation with its method and path, and asks nothing of anybody", async ({
    expect,
  }) => {
    const response = await app.request("/docs", {}, ENV, CONTEXT as never);
    const page = await response.text();
    for (const { path, operation } of operations(await published())) {
      expect(page).toContain(`id="${operation.operationId}"`);
      expect(page).toContain(`<code>${path}</code>`);
    }
    expect(page).not.toMatch(/<script|<link|<img|<iframe|@import|url\(|https?:\/\//);
    expect(response.headers.get("Content-Security-Policy")).toMatch(
      /^default-src 'none'; style-src 'sha256-[A-Za-z0-9+/]{43}='/,
    );
  });

  it("allows exactly the style it has", async ({ expect }) => {
    const response = await app.request("/docs", {}, ENV, CONTEXT as never);
    const [, style = ""] = /<style>([\s\S]*?)<\/style>/.exec(await response.text()) ?? [];
    const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(style));
    expect(response.headers.get("Content-Security-Policy")).toContain(
      Buffer.from(hash).toString("base64"),
    );
  });
});
