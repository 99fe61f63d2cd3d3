import type { FieldError } from "./problem.ts";

export type Query =
  | { readonly kind: "parsed"; readonly values: Readonly<Record<string, string>> }
  | { readonly kind: "malformed"; readonly error: FieldError };

const NONE: Query = { kind: "parsed", values: Object.freeze({}) };

/** The query of a URL (`application/x-www-form-urlencoded`), each parameter given at most once. */
export function parseQuery(url: string): Query {
  const start = url.indexOf("?");
  if (start === -1) return NONE;
  const end = url.indexOf("#", start);
  const text = url.slice(start + 1, end === -1 ? undefined : end).replaceAll("+", " ");
  if (text.includes("%") && !isDecodable(text)) {
    return malformed("query", "holds a percent-encoding that is not UTF-8");
  }
  const values: Record<string, string> = Object.create(null);
  for (const pair of text.split("&")) {
    if (pair === "") continue;
    const equals = pair.indexOf("=");
    const name = decodeURIComponent(equals === -1 ? pair : pair.slice(0, equals));
    if (name in values) return malformed(`query.${name}`, "must be given once");
    values[name] = equals === -1 ? "" : decodeURIComponent(pair.slice(equals + 1));
  }
  return { kind: "parsed", values };
}

export function isDecodable(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}

function malformed(at: string, message: string): Query {
  return { kind: "malformed", error: { at, message } };
}
