/**
 * @module
 * Turns an ErrorResponse, as the protocol parsers of `pg` and PGlite hand it out, into the fields a
 * client may see. Field by field: both attach more to the object (queries, parameters) than that.
 */
import type { PostgresError } from "./database.ts";

type ErrorResponse = Error & { readonly code?: unknown; readonly severity?: unknown };

/** Whether the server itself sent it (it has a SQLSTATE), as opposed to a socket that broke. */
export function isErrorResponse(error: unknown): error is ErrorResponse {
  return (
    error instanceof Error &&
    "severity" in error &&
    typeof error.severity === "string" &&
    "code" in error &&
    typeof error.code === "string"
  );
}

export function postgresError(response: ErrorResponse): PostgresError {
  const field = (name: string): string | null => {
    const value: unknown = Reflect.get(response, name);
    return typeof value === "string" ? value : null;
  };
  const position = field("position");
  return {
    message: response.message,
    code: field("code") ?? "",
    severity: field("severity") ?? "",
    detail: field("detail"),
    hint: field("hint"),
    position,
    internalPosition: position === null ? field("internalPosition") : null,
    internalQuery: position === null ? field("internalQuery") : null,
    where: field("where"),
    schema: field("schema"),
    table: field("table"),
    column: field("column"),
    dataType: field("dataType"),
    constraint: field("constraint"),
    file: field("file"),
    line: field("line"),
    routine: field("routine"),
  };
}

/** An error that this side words, with Postgres' own code and text for the same event. */
export function ownError(code: string, message: string, hint: string | null = null): PostgresError {
  return {
    message,
    code,
    severity: "ERROR",
    detail: null,
    hint,
    position: null,
    internalPosition: null,
    internalQuery: null,
    where: null,
    schema: null,
    table: null,
    column: null,
    dataType: null,
    constraint: null,
    file: null,
    line: null,
    routine: null,
  };
}

export const STATEMENT_TIMED_OUT = ownError(
  "57014",
  "canceling statement due to statement timeout",
);
