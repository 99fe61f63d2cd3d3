/**
 * @module
 * The one thing neon-http asks of a Postgres: run what one HTTP request carries, and say how it ended.
 * Two adapters (PGlite, a Postgres server) keep what follows; `contract.ts` checks it on both.
 *
 * Invariants:
 *
 * 1. Every statement goes through the extended protocol: values are Postgres' own text in both
 *    directions, and two statements in one text are refused (42601).
 * 2. A request has a session of its own. Settings, temporary tables, prepared statements, locks and an
 *    open transaction end with it.
 * 3. A transaction is exclusive from START TRANSACTION to COMMIT on its connection, and all or nothing.
 * 4. `run` does not reject for anything that SQL, a client or a dead server can cause: it says so in the
 *    outcome, and the outcome says what is known about the effect.
 */

/** A value as Postgres writes it; `null` is NULL. */
export type SqlText = string | null;

export interface SqlStatement {
  readonly text: string;
  /** In order: the first is `$1`. Postgres infers their types. */
  readonly params: readonly SqlText[];
}

export type IsolationLevel =
  | "READ UNCOMMITTED"
  | "READ COMMITTED"
  | "REPEATABLE READ"
  | "SERIALIZABLE";

export interface TransactionMode {
  /** `null` leaves the database's default. */
  readonly isolation: IsolationLevel | null;
  readonly isReadOnly: boolean;
  readonly isDeferrable: boolean;
}

/** What one request asks for: a statement of its own, or statements in one transaction. */
export type SqlRequest =
  | { readonly kind: "single"; readonly statement: SqlStatement }
  | {
      readonly kind: "transaction";
      readonly statements: readonly SqlStatement[];
      readonly mode: TransactionMode;
    };

/** A column, as RowDescription has it. `format` is always text. */
export interface SqlField {
  readonly name: string;
  readonly dataTypeID: number;
  readonly tableID: number;
  readonly columnID: number;
  readonly dataTypeSize: number;
  readonly dataTypeModifier: number;
}

export interface SqlResult {
  readonly fields: readonly SqlField[];
  readonly rows: readonly (readonly SqlText[])[];
  /** As the server sent it: `INSERT 0 1`, `CREATE TABLE`; empty for an empty statement. */
  readonly commandTag: string;
}

/** The fields of an ErrorResponse (PostgreSQL documentation, "Error and Notice Message Fields"). */
export interface PostgresError {
  readonly message: string;
  readonly code: string;
  readonly severity: string;
  readonly detail: string | null;
  readonly hint: string | null;
  readonly position: string | null;
  readonly internalPosition: string | null;
  readonly internalQuery: string | null;
  readonly where: string | null;
  readonly schema: string | null;
  readonly table: string | null;
  readonly column: string | null;
  readonly dataType: string | null;
  readonly constraint: string | null;
  readonly file: string | null;
  readonly line: string | null;
  readonly routine: string | null;
}

export type SqlOutcome =
  | { readonly kind: "done"; readonly results: readonly SqlResult[] }
  /** Postgres refused it: a transaction was rolled back, a single statement did nothing. */
  | { readonly kind: "failed"; readonly error: PostgresError }
  /** The connection broke while it ran: what became of it is not known. */
  | { readonly kind: "lost"; readonly message: string }
  /** No connection could be had: nothing ran. `error` is what the server said, if it said something. */
  | { readonly kind: "unavailable"; readonly message: string; readonly error: PostgresError | null }
  /** Too many requests wait already, or it waited too long: nothing ran. */
  | { readonly kind: "busy" }
  /** Its signal fired: a transaction did nothing; a single statement may have run. */
  | { readonly kind: "cancelled" }
  /** More than `RESPONSE_MAX_BYTES`: a transaction was rolled back, a single statement may have run. */
  | { readonly kind: "too-large" }
  /** The server spoke COPY: nothing of it reaches the client. */
  | { readonly kind: "unexpected-message" };

export interface SqlDatabase {
  /** `signal` gives up on the request: it leaves the queue, or is cancelled where the server can. */
  run(request: SqlRequest, signal?: AbortSignal): Promise<SqlOutcome>;
  /** Lets what runs finish for a moment, then ends it. Safe to call twice. */
  close(): Promise<void>;
}

/** Neon's own bound (`--sql-over-http-max-response-size-bytes`). */
export const RESPONSE_MAX_BYTES = 10 * 1024 * 1024;
/** Neon sets none; here it keeps one runaway query from holding everything for ever. */
export const STATEMENT_TIMEOUT_MS = 60_000;
/** How long a request waits for a connection: Neon's connect timeout. */
export const WAIT_MAX_MS = 15_000;
/** How many requests may wait for one. */
export const WAITING_MAX = 1_000;

export const DATABASE_CLOSED: SqlOutcome = {
  kind: "unavailable",
  message: "the local database is closing",
  error: null,
};

export function startTransaction({ isolation, isReadOnly, isDeferrable }: TransactionMode): string {
  const modes = [
    ...(isolation === null ? [] : [`ISOLATION LEVEL ${isolation}`]),
    ...(isReadOnly ? ["READ ONLY"] : []),
    ...(isDeferrable ? ["DEFERRABLE"] : []),
  ];
  return ["START TRANSACTION", modes.join(", ")].join(" ").trim();
}
