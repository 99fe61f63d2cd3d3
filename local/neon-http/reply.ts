/**
 * @module
 * What happened, as Neon says it: the bodies and statuses of proxy/src/serverless/sql_over_http.rs. Every
 * body is JSON, every error has every field, and a field that the server did not send is null, but for
 * `code` and `severity`, which are then empty.
 */
import type { HttpReply } from "../faults/apply.ts";
import {
  type PostgresError,
  RESPONSE_MAX_BYTES,
  type SqlOutcome,
  type SqlResult,
  type SqlText,
} from "./database.ts";
import { type ElementTypeOf, jsonOf } from "./json-values.ts";
import type { RowShape } from "./payload.ts";
import { ownError } from "./postgres-error.ts";

const HEADERS = { "content-type": "application/json", "access-control-allow-origin": "*" } as const;

const BUSY =
  "Failed to acquire permit to connect to the database. Too many database connection attempts are currently ongoing.";

export function errorReply(status: number, error: PostgresError): HttpReply {
  const body = {
    message: error.message,
    code: error.code,
    detail: error.detail,
    hint: error.hint,
    position: error.position,
    internalPosition: error.internalPosition,
    internalQuery: error.internalQuery,
    severity: error.severity,
    where: error.where,
    table: error.table,
    column: error.column,
    schema: error.schema,
    dataType: error.dataType,
    constraint: error.constraint,
    file: error.file,
    line: error.line,
    routine: error.routine,
  };
  return { status, headers: HEADERS, body: JSON.stringify(body) };
}

/** An error of the proxy itself: it has a message and nothing else. */
export function proxyError(status: number, message: string): HttpReply {
  return errorReply(status, { ...ownError("", message), severity: "" });
}

/** Requires an outcome other than `done`. */
export function refusalReply(outcome: Exclude<SqlOutcome, { kind: "done" }>): HttpReply {
  switch (outcome.kind) {
    case "failed":
      return errorReply(400, outcome.error);
    case "lost":
      return proxyError(400, `error communicating with the server: ${outcome.message}`);
    case "unavailable":
      return outcome.error === null
        ? proxyError(500, `error connecting to server: ${outcome.message}`)
        : errorReply(500, outcome.error);
    case "busy":
      return proxyError(500, BUSY);
    case "cancelled":
      return errorReply(400, {
        ...ownError("08P01", "Query cancelled, connection was terminated"),
        severity: "",
      });
    case "too-large":
      return tooLargeReply();
    case "unexpected-message":
      return proxyError(400, "unexpected message from server");
  }
}

/** `shapes` has one entry for each result. */
export function resultReply(
  results: readonly SqlResult[],
  shapes: readonly RowShape[],
  { isBatch, elementTypeOf }: { readonly isBatch: boolean; readonly elementTypeOf: ElementTypeOf },
): HttpReply {
  const parts = results.map((result, i) => {
    return resultJson(result, shapes[i] ?? { isArray: false, isRawText: false }, elementTypeOf);
  });
  const body = isBatch ? `{"results":[${parts.join(",")}]}` : (parts[0] ?? "null");
  if (Buffer.byteLength(body) > RESPONSE_MAX_BYTES) return tooLargeReply();
  return { status: 200, headers: HEADERS, body };
}

function tooLargeReply(): HttpReply {
  return proxyError(507, `response is too large (max is ${RESPONSE_MAX_BYTES} bytes)`);
}

function resultJson(result: SqlResult, shape: RowShape, elementTypeOf: ElementTypeOf): string {
  const fields = result.fields.map((field) => ({ ...field, format: "text" }));
  const { command, rowCount } = readCommandTag(result.commandTag);
  return [
    `{"rowAsArray":${shape.isArray}`,
    `"fields":${JSON.stringify(fields)}`,
    `"rows":${rowsJson(result, shape, elementTypeOf)}`,
    `"command":${JSON.stringify(command)}`,
    `"rowCount":${rowCount}}`,
  ].join(",");
}

function rowsJson(
  { fields, rows }: SqlResult,
  { isArray, isRawText }: RowShape,
  elementTypeOf: ElementTypeOf,
): string {
  if (isArray && isRawText) return JSON.stringify(rows);
  const names = fields.map(({ name }) => JSON.stringify(name));
  const valueJson = (value: SqlText, i: number) =>
    isRawText ? JSON.stringify(value) : jsonOf(value, fields[i]?.dataTypeID ?? 0, elementTypeOf);
  const texts = rows.map((row) => {
    const values = row.map(valueJson);
    // Two columns of one name both stay: the last one wins in the reader, as it does with Neon.
    return isArray ? `[${values}]` : `{${values.map((value, i) => `${names[i]}:${value}`)}}`;
  });
  return `[${texts.join(",")}]`;
}

/** The first word, and the number behind it; INSERT has an oid in between. */
export function readCommandTag(tag: string): { command: string; rowCount: number | null } {
  const [command = "", ...rest] = tag.split(" ");
  const count = command === "INSERT" ? rest[1] : rest.join(" ");
  return { command, rowCount: count !== undefined && /^\d+$/.test(count) ? Number(count) : null };
}
