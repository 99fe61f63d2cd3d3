/**
 * @module
 * SqlDatabase over a Postgres server: a bounded pool, real parallelism, real locks.
 *
 * Invariants:
 *
 * 1. A connection goes back to the pool only with a session as clean as a new one; when that cannot be
 *    had, it is closed.
 * 2. At most `CONNECTIONS_MAX` connections, and one more for a moment to cancel a query.
 */
import { Pool, type PoolClient } from "pg";
import {
  DATABASE_CLOSED,
  type SqlDatabase,
  type SqlOutcome,
  type SqlRequest,
  STATEMENT_TIMEOUT_MS,
  WAIT_MAX_MS,
  WAITING_MAX,
} from "./database.ts";
import { isErrorResponse, postgresError } from "./postgres-error.ts";
import { PostgresRequest } from "./postgres-request.ts";
import { WaitingLine } from "./waiting-line.ts";

/** Neon's pool of an endpoint (`--sql-over-http-pool-max-conns-per-endpoint`). */
const CONNECTIONS_MAX = 20;
const CONNECT_TIMEOUT_MS = 15_000;
const IDLE_TIMEOUT_MS = 30_000;
const FINISH_TIMEOUT_MS = 300;

export interface PostgresOptions {
  /** `postgres://user:password@host:port/database`. */
  readonly connectionString: string;
  readonly statementTimeoutMs?: number;
  readonly waitMaxMs?: number;
  readonly waitingMax?: number;
}

/** Rejects with a text for people when the server cannot be reached. */
export async function openPostgres(options: PostgresOptions): Promise<SqlDatabase> {
  if (
    !/^postgres(ql)?:/.test(options.connectionString) ||
    !URL.canParse(options.connectionString)
  ) {
    throw new Error(
      "A Postgres connection string looks like postgres://user:password@host:5432/db.",
    );
  }
  const database = new PostgresDatabase(options);
  const outcome = await database.run({
    kind: "single",
    statement: { text: "SELECT 1", params: [] },
  });
  if (outcome.kind === "done") return database;
  await database.close();
  const reason = "message" in outcome ? outcome.message : outcome.kind;
  const where = new URL(options.connectionString).host;
  throw new Error(
    `Postgres at ${where} does not serve (${reason}). Start it, or correct the connection string.`,
  );
}

class PostgresDatabase implements SqlDatabase {
  readonly #options: PostgresOptions;
  readonly #pool: Pool;
  readonly #line: WaitingLine;
  readonly #running = new Set<PostgresRequest>();
  #closing: Promise<void> | null = null;

  constructor(options: PostgresOptions) {
    this.#options = options;
    this.#line = new WaitingLine({
      slots: CONNECTIONS_MAX,
      waitingMax: options.waitingMax ?? WAITING_MAX,
      waitMaxMs: options.waitMaxMs ?? WAIT_MAX_MS,
    });
    this.#pool = new Pool({
      connectionString: options.connectionString,
      max: CONNECTIONS_MAX,
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      idleTimeoutMillis: IDLE_TIMEOUT_MS,
      statement_timeout: options.statementTimeoutMs ?? STATEMENT_TIMEOUT_MS,
      application_name: "neon-http",
    });
    // An idle connection that the server closed is dropped by the pool; the next request opens one.
    this.#pool.on("error", () => {});
  }

  async run(request: SqlRequest, signal?: AbortSignal): Promise<SqlOutcome> {
    const entry = await this.#line.enter(signal);
    if (entry !== "entered") return entry === "closed" ? DATABASE_CLOSED : { kind: entry };
    let client: PoolClient;
    try {
      client = await this.#pool.connect();
    } catch (error) {
      this.#line.leave();
      return notConnected(error);
    }
    const running = new PostgresRequest(client, this.#options.connectionString);
    this.#running.add(running);
    const outcome = await running.run(request, signal);
    void running.giveBack(outcome).finally(() => {
      this.#running.delete(running);
      this.#line.leave();
    });
    return outcome;
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    const timer = setTimeout(() => {
      for (const running of this.#running) running.end();
    }, FINISH_TIMEOUT_MS);
    await this.#line.close();
    clearTimeout(timer);
    await this.#pool.end();
  }
}

function notConnected(error: unknown): SqlOutcome {
  const message = error instanceof Error ? error.message : "no connection";
  return {
    kind: "unavailable",
    message,
    error: isErrorResponse(error) ? postgresError(error) : null,
  };
}
