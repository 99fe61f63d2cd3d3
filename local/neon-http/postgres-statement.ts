/**
 * @module
 * One statement on a `pg` client, through the extended protocol, with every value as the text that came.
 *
 * It is submitted as an object of its own (the way pg-cursor and pg-copy-streams plug into `pg`), because
 * pg's Query answers COPY with silence and keeps no byte bound.
 */
import type { Connection, FieldDef, PoolClient, Submittable } from "pg";
import type { PostgresError, SqlField, SqlResult, SqlStatement, SqlText } from "./database.ts";
import { isErrorResponse, postgresError } from "./postgres-error.ts";
import type { ResultBudget } from "./result-budget.ts";

export type StatementEnd =
  | { readonly kind: "done"; readonly result: SqlResult }
  | { readonly kind: "failed"; readonly error: PostgresError }
  /** The connection must not be used again. */
  | { readonly kind: "too-large" }
  | { readonly kind: "unexpected-message" }
  | { readonly kind: "lost"; readonly message: string };

/** Requires that the client runs nothing else. Always resolves. */
export function runStatement(
  client: PoolClient,
  statement: SqlStatement,
  budget: ResultBudget,
): Promise<StatementEnd> {
  return new Promise((resolve) => {
    client.query(new TextStatement(statement, budget, resolve));
  });
}

/** What pg's connection has beyond its published types, which still describe version 7. */
interface Wire {
  parse(message: { text: string }): void;
  describe(message: { type: "P" }): void;
  bind(message: { values: readonly SqlText[] }): void;
  execute(message: object): void;
  sync(): void;
  sendCopyFail(reason: string): void;
  readonly stream: { cork(): void; uncork(): void };
}

class TextStatement implements Submittable {
  readonly #statement: SqlStatement;
  readonly #budget: ResultBudget;
  readonly #resolve: (end: StatementEnd) => void;
  #fields: readonly SqlField[] = [];
  readonly #rows: (readonly SqlText[])[] = [];
  #commandTag = "";
  #isCopy = false;

  constructor(statement: SqlStatement, budget: ResultBudget, resolve: (end: StatementEnd) => void) {
    this.#statement = statement;
    this.#budget = budget;
    this.#resolve = resolve;
  }

  submit(connection: Connection): void {
    const wire = connection as unknown as Wire;
    wire.stream.cork();
    wire.parse({ text: this.#statement.text });
    wire.bind({ values: this.#statement.params });
    // The portal, not the statement: pg-protocol cannot read the description of 32,768 parameters.
    wire.describe({ type: "P" });
    wire.execute({});
    wire.sync();
    wire.stream.uncork();
  }

  handleRowDescription({ fields }: { readonly fields: readonly FieldDef[] }): void {
    this.#fields = fields.map(
      ({ name, dataTypeID, tableID, columnID, dataTypeSize, dataTypeModifier }) => {
        return { name, dataTypeID, tableID, columnID, dataTypeSize, dataTypeModifier };
      },
    );
  }

  handleDataRow({ fields }: { readonly fields: readonly SqlText[] }): void {
    if (this.#budget.take(fields)) this.#rows.push(fields);
    else this.#resolve({ kind: "too-large" });
  }

  handleCommandComplete({ text }: { readonly text: string }): void {
    this.#commandTag = text;
  }

  handleReadyForQuery(): void {
    if (this.#isCopy) {
      this.#resolve({ kind: "unexpected-message" });
      return;
    }
    const result = { fields: this.#fields, rows: this.#rows, commandTag: this.#commandTag };
    this.#resolve({ kind: "done", result });
  }

  /** From the server, or of the socket. */
  handleError(error: Error): void {
    if (this.#isCopy) this.#resolve({ kind: "unexpected-message" });
    else if (isErrorResponse(error)) {
      this.#resolve({ kind: "failed", error: postgresError(error) });
    } else this.#resolve({ kind: "lost", message: error.message });
  }

  handleCopyInResponse(connection: Connection): void {
    this.#isCopy = true;
    (connection as unknown as Wire).sendCopyFail("there is no data to copy in a request over HTTP");
  }

  handleCopyData(): void {
    this.#isCopy = true;
  }

  handleEmptyQuery(): void {}

  handlePortalSuspended(): void {}
}
