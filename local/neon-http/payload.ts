/**
 * @module
 * What does this request ask for? Reads body and headers as Neon's proxy does (`Payload` and `HttpHeaders`
 * in proxy/src/serverless/sql_over_http.rs); unknown fields are ignored, as there.
 */
import type { IncomingHttpHeaders } from "node:http";
import * as z from "zod";
import type { IsolationLevel, SqlRequest, SqlStatement, TransactionMode } from "./database.ts";
import { keepDigits, paramText } from "./params.ts";

/** As many as a Bind message has room for. */
const PARAMS_MAX = 65_535;

const Query = z.object({
  query: z.string(),
  params: z.array(z.unknown()).default([]),
  arrayMode: z.boolean().nullish(),
});
const Payload = z.union([Query, z.object({ queries: z.array(Query) })]);

const ISOLATION_LEVELS: ReadonlyMap<string, IsolationLevel> = new Map([
  ["ReadUncommitted", "READ UNCOMMITTED"],
  ["ReadCommitted", "READ COMMITTED"],
  ["RepeatableRead", "REPEATABLE READ"],
  ["Serializable", "SERIALIZABLE"],
]);

/** How one statement's rows are to be written. */
export interface RowShape {
  readonly isArray: boolean;
  /** Every value as Postgres' text, instead of a JSON value of its type. */
  readonly isRawText: boolean;
}

export interface Payload {
  readonly request: SqlRequest;
  /** One for each statement. */
  readonly shapes: readonly RowShape[];
}

/** What is wrong with a request, in Neon's words. */
export class PayloadError extends Error {
  override readonly name = "PayloadError";
}

/** Throws `PayloadError`. */
export function readPayload(body: string, headers: IncomingHttpHeaders): Payload {
  const mode = readMode(headers);
  const parsed = Payload.safeParse(parseJson(body));
  if (!parsed.success) {
    throw unreadable("data did not match any variant of untagged enum Payload");
  }
  const isRawText = headers["neon-raw-text-output"] === "true";
  const isArrayDefault = headers["neon-array-mode"] === "true";
  const queries = "queries" in parsed.data ? parsed.data.queries : [parsed.data];
  const statements = queries.map(statementOf);
  const shapes = queries.map(({ arrayMode }) => {
    return { isArray: arrayMode ?? isArrayDefault, isRawText };
  });
  const [statement] = statements;
  if ("queries" in parsed.data || statement === undefined) {
    return { request: { kind: "transaction", statements, mode }, shapes };
  }
  return { request: { kind: "single", statement }, shapes };
}

/** The first word of the SQL in upper case, past comments and parentheses; empty when there is none. */
export function labelOf(request: SqlRequest): string {
  const text = (request.kind === "single" ? request.statement : request.statements[0])?.text ?? "";
  const word = /^(?:\s|\(|--[^\n]*(?:\n|$)|\/\*.*?\*\/)*([a-z]+)/is.exec(text);
  return (word?.[1] ?? "").toUpperCase();
}

function parseJson(body: string): unknown {
  try {
    return NEEDS_CARE.test(body) ? JSON.parse(body, strictly) : JSON.parse(body);
  } catch (error) {
    throw unreadable(error instanceof Error ? error.message : "not JSON");
  }
}

/** A long number, a fraction, an exponent or half a surrogate pair. Parsing with a reviver is five times slower. */
const NEEDS_CARE = /\d{16}|\d\.\d|\d[eE][-+\d]|\\u[dD][89a-fA-F]/;

const LONE_SURROGATE = /\p{Surrogate}/u;

/** Neon's parser keeps every digit and refuses a lone surrogate; JavaScript's does neither. */
function strictly(key: string, value: unknown, context?: { readonly source?: string }): unknown {
  if (typeof value === "string" && LONE_SURROGATE.test(value)) {
    throw new SyntaxError("lone leading surrogate in hex escape");
  }
  return keepDigits(key, value, context);
}

function statementOf({ query, params }: z.output<typeof Query>): SqlStatement {
  if (query.includes("\0")) throw unsendable("string contains embedded null");
  if (params.length > PARAMS_MAX) throw unsendable("value too large to transmit");
  return { text: query, params: params.map(paramText) };
}

function readMode(headers: IncomingHttpHeaders): TransactionMode {
  const level = headers["neon-batch-isolation-level"];
  const isolation = level === undefined ? null : ISOLATION_LEVELS.get(String(level));
  if (isolation === undefined) throw new PayloadError("invalid isolation level");
  return {
    isolation,
    isReadOnly: headers["neon-batch-read-only"] === "true",
    isDeferrable: headers["neon-batch-deferrable"] === "true",
  };
}

function unreadable(reason: string): PayloadError {
  return new PayloadError(`could not parse the HTTP request body: ${reason}`);
}

function unsendable(reason: string): PayloadError {
  return new PayloadError(`error encoding message to server: ${reason}`);
}
