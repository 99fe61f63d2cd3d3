/**
 * @module
 * The OpenAPI document as a page: one file, no script, no request to anywhere.
 */
import { html, raw } from "hono/html";
import { DOCS_STYLE } from "./docs-style.ts";
import type { OpenApiDocument } from "./document.ts";
import { type Schema, shapeOf } from "./shape.ts";

type Html = ReturnType<typeof html>;

/** What the page reads of an operation; the document's own type allows references that are never there. */
interface Operation {
  readonly operationId: string;
  readonly summary: string;
  readonly tags: readonly string[];
  readonly security: readonly Readonly<Record<string, readonly string[]>>[];
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: Body;
  readonly responses: Readonly<Record<string, Body & { readonly description: string }>>;
}

interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly required?: boolean;
  readonly description?: string;
  readonly schema: DescribedSchema;
}

interface Body {
  readonly content?: Readonly<Record<string, { readonly schema?: DescribedSchema }>>;
}

interface DescribedSchema extends Schema {
  readonly description?: string;
}

interface Placed {
  readonly method: string;
  readonly path: string;
  readonly operation: Operation;
}

const PROBLEM = "application/problem+json";

export function docsPage(document: OpenApiDocument): Html {
  const operations = Object.entries(document.paths ?? {}).flatMap(([path, methods]) =>
    Object.entries(methods as Readonly<Record<string, Operation>>).map(
      ([method, operation]): Placed => ({ method: method.toUpperCase(), path, operation }),
    ),
  );
  const tags = document.tags ?? [];
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${document.info.title} ${document.info.version}</title>
<style>${raw(DOCS_STYLE)}</style>
</head>
<body>
<header>
<h1>${document.info.title} <small>${document.info.version}</small></h1>
${paragraphs(document.info.description ?? "")}
<p>The same as data: <a href="/openapi.json">/openapi.json</a></p>
<nav aria-label="Patterns">${tags.map(({ name }) => html`<a href="#${name}">${name}</a> `)}</nav>
</header>
<main>
${tags.map(({ name, description }) =>
  section(
    name,
    description ?? "",
    operations.filter(({ operation }) => operation.tags.includes(name)),
  ),
)}
</main>
</body>
</html>`;
}

function section(name: string, description: string, operations: readonly Placed[]): Html {
  return html`<section id="${name}" aria-labelledby="${name}-title">
<h2 id="${name}-title">${name}</h2>
<p>${description}</p>
${operations.map(operationPart)}
</section>`;
}

function operationPart({ method, path, operation }: Placed): Html {
  return html`<article id="${operation.operationId}">
<h3><span class="method ${method.toLowerCase()}">${method}</span> <code>${path}</code></h3>
<p>${operation.summary} <span class="scope">${whoMay(operation)}</span></p>
<details><summary>Parameters, body and replies</summary>
${parametersPart(operation.parameters ?? [])}
${bodyPart(operation.requestBody)}
<h4>Replies</h4>
<table><thead><tr><th>Status</th><th>Meaning</th><th>Body</th></tr></thead><tbody>
${Object.entries(operation.responses).map(
  ([status, reply]) =>
    html`<tr><td>${status}</td><td>${inline(reply.description)}</td><td>${replyBody(reply)}</td></tr>`,
)}
</tbody></table>
</details>
</article>`;
}

function whoMay({ security }: Operation): string {
  const [needed] = security;
  if (needed === undefined) return "public";
  const scope = needed["apiKey"]?.[0];
  return scope === undefined ? "session cookie" : `scope ${scope}`;
}

function parametersPart(parameters: readonly Parameter[]): Html | "" {
  if (parameters.length === 0) return "";
  return html`<h4>Parameters</h4>
<table><thead><tr><th>Name</th><th>In</th><th>Form</th><th>Meaning</th></tr></thead><tbody>
${parameters.map(
  ({ name, in: place, required, description, schema }) => html`<tr>
<td><code>${name}</code>${required ? " (required)" : ""}</td><td>${place}</td>
<td><code>${shapeOf(schema)}</code></td>
<td>${inline(description ?? schema.description ?? "")}</td></tr>`,
)}
</tbody></table>`;
}

function bodyPart(body: Body | undefined): Html | "" {
  if (body === undefined) return "";
  return html`<h4>Body</h4>${contentLines(body)}`;
}

function replyBody(body: Body): Html {
  const { code = {} }: { readonly code?: Schema } =
    body.content?.[PROBLEM]?.schema?.allOf?.[1]?.properties ?? {};
  const codes = code.enum ?? [];
  return html`${contentLines(body)}${codes.map((code) => html`<code>${String(code)}</code> `)}`;
}

function contentLines({ content = {} }: Body): Html[] {
  return Object.entries(content)
    .filter(([type]) => type !== PROBLEM)
    .map(
      ([type, { schema = {} }]) =>
        html`<div>${type}: <code>${shapeOf(schema)}</code> ${inline(schema.description ?? "")}</div>`,
    );
}

function paragraphs(text: string): Html[] {
  return text.split("\n\n").map((paragraph) => html`<p>${inline(paragraph)}</p>`);
}

/** Text in which `code` is between backticks. */
function inline(text: string): (Html | string)[] {
  return text
    .split("`")
    .map((part, index) => (index % 2 === 1 ? html`<code>${part}</code>` : part));
}
