/**
 * @module
 * One request on one Postgres connection: the transaction around it, its cancellation, and a clean session
 * before the connection serves anybody else.
 */
import { Client, type PoolClient } from "pg";
import { type SqlOutcome, type SqlRequest, type SqlResult, startTransaction } from "./database.ts";
import { runStatement, type StatementEnd } from "./postgres-statement.ts";
import { ResultBudget } from "./result-budget.ts";

/** How long a cancelled query may take to end before its connection is closed. */
const CANCEL_TIMEOUT_MS = 1_000;

/** One request on one connection, until the connection is given back. */
export class PostgresRequest {
  readonly #client: PoolClient;
  readonly #connectionString: string;
  #cancelling: Promise<void> = Promise.resolve();
  #cancelTimer: NodeJS.Timeout | undefined;
  #isRunning = true;
  readonly #ignore = () => {};

  constructor(client: PoolClient, connectionString: string) {
    this.#client = client;
    this.#connectionString = connectionString;
    client.on("error", this.#ignore);
  }

  async run(request: SqlRequest, signal: AbortSignal | undefined): Promise<SqlOutcome> {
    const onAbort = () => {
      this.#cancelling = this.#cancel();
    };
    signal?.addEventListener("abort", onAbort);
    if (signal?.aborted) onAbort();
    const outcome = await runOn(this.#client, request);
    this.#isRunning = false;
    clearTimeout(this.#cancelTimer);
    signal?.removeEventListener("abort", onAbort);
    return signal?.aborted && outcome.kind !== "done" ? { kind: "cancelled" } : outcome;
  }

  /**
   * The reply does not wait for this; the next user of the connection does, and so it waits for a
   * cancellation under way, which would hit the next request.
   */
  async giveBack(outcome: SqlOutcome): Promise<void> {
    await this.#cancelling;
    const isAnswered = outcome.kind === "done" || outcome.kind === "failed";
    const isClean = isAnswered && (await isSessionClean(this.#client));
    this.#client.off("error", this.#ignore);
    this.#client.release(!isClean);
  }

  end(): void {
    void this.#client.end();
  }

  async #cancel(): Promise<void> {
    this.#cancelTimer = setTimeout(() => this.end(), CANCEL_TIMEOUT_MS);
    const canceller = new Client({
      connectionString: this.#connectionString,
      connectionTimeoutMillis: CANCEL_TIMEOUT_MS,
    });
    canceller.on("error", this.#ignore);
    try {
      await canceller.connect();
      if (this.#isRunning) {
        await canceller.query("SELECT pg_cancel_backend($1)", [processIdOf(this.#client)]);
      }
    } catch {
      if (this.#isRunning) this.end();
    } finally {
      await canceller.end().catch(this.#ignore);
    }
  }
}

async function runOn(client: PoolClient, request: SqlRequest): Promise<SqlOutcome> {
  const budget = new ResultBudget();
  if (request.kind === "single") {
    const end = await runStatement(client, request.statement, budget);
    return end.kind === "done" ? { kind: "done", results: [end.result] } : end;
  }
  const begun = await command(client, startTransaction(request.mode));
  if (begun.kind !== "done") return begun;
  const results: SqlResult[] = [];
  for (const statement of request.statements) {
    const end = await runStatement(client, statement, budget);
    if (end.kind !== "done") {
      if (end.kind === "failed") await command(client, "ROLLBACK");
      return end;
    }
    results.push(end.result);
  }
  const end = await command(client, "COMMIT");
  return end.kind === "done" ? { kind: "done", results } : end;
}

function command(client: PoolClient, text: string): Promise<StatementEnd> {
  return runStatement(client, { text, params: [] }, new ResultBudget());
}

async function isSessionClean(client: PoolClient): Promise<boolean> {
  if (client.getTransactionStatus() !== "I") {
    const { kind } = await command(client, "ROLLBACK");
    if (kind !== "done") return false;
  }
  return (await command(client, "DISCARD ALL")).kind === "done";
}

/** The backend's id; pg keeps it but its types do not say so. */
function processIdOf(client: PoolClient): number {
  return (client as unknown as { readonly processID: number }).processID;
}
