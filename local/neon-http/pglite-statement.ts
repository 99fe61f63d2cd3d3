/**
 * @module
 * One statement over PGlite's wire protocol, and what the server answered.
 *
 * PGlite's own `query()` parses values by type and hides the command tag; its raw protocol gives exactly
 * what a Postgres server would send, so that both adapters read the same messages.
 */
import { type messages, type PGlite, protocol } from "@electric-sql/pglite";
import type { PostgresError, SqlField, SqlResult, SqlStatement, SqlText } from "./database.ts";
import { isErrorResponse, postgresError } from "./postgres-error.ts";
import type { ResultBudget } from "./result-budget.ts";

export type StatementEnd =
  | { readonly kind: "done"; readonly result: SqlResult }
  | { readonly kind: "failed"; readonly error: PostgresError }
  | { readonly kind: "too-large" }
  | { readonly kind: "unexpected-message" };

export interface Exchange {
  readonly end: StatementEnd;
  /** `I` idle, `T` in a transaction, `E` in a failed one, as ReadyForQuery says. */
  readonly status: "I" | "T" | "E";
}

/** The server stopped in the middle: the instance must not be used again. */
class PgliteBrokenError extends Error {
  override readonly name = "PgliteBrokenError";
}

/** Throws `PgliteBrokenError` when the instance died of it. */
export async function exchange(
  db: PGlite,
  { text, params }: SqlStatement,
  budget: ResultBudget,
): Promise<Exchange> {
  const { serialize } = protocol;
  return send(
    db,
    Buffer.concat([
      serialize.parse({ text }),
      serialize.bind({ values: [...params] }),
      // The portal, not the statement: pg-protocol cannot read the description of 32,768 parameters.
      serialize.describe({ type: "P" }),
      serialize.execute({}),
      // Ignored, but for COPY FROM STDIN, which would wait for data for ever.
      serialize.copyFail("there is no data to copy in a request over HTTP"),
      serialize.sync(),
    ]),
    budget,
  );
}

/** A command without parameters or rows, such as COMMIT, by the simple protocol. */
export async function command(db: PGlite, text: string, budget: ResultBudget): Promise<Exchange> {
  return send(db, protocol.serialize.query(text), budget);
}

async function send(db: PGlite, bytes: Uint8Array, budget: ResultBudget): Promise<Exchange> {
  const reader = new AnswerReader(budget);
  const parser = new protocol.Parser();
  try {
    await db.execProtocolRawStream(bytes, {
      onRawData: (chunk) => parser.parse(chunk, (message) => reader.take(message)),
    });
  } catch (cause) {
    throw new PgliteBrokenError("PGlite stopped", { cause });
  }
  return reader.exchange();
}

class AnswerReader {
  readonly #budget: ResultBudget;
  #fields: readonly SqlField[] = [];
  readonly #rows: (readonly SqlText[])[] = [];
  #commandTag = "";
  #error: PostgresError | null = null;
  #isTooLarge = false;
  #isCopy = false;
  #status: string | null = null;

  constructor(budget: ResultBudget) {
    this.#budget = budget;
  }

  take(message: messages.BackendMessage): void {
    if (isErrorResponse(message)) {
      this.#error ??= postgresError(message);
      return;
    }
    switch (message.name) {
      case "rowDescription":
        this.#fields = (message as messages.RowDescriptionMessage).fields.map(field);
        return;
      case "dataRow":
        this.#takeRow((message as messages.DataRowMessage).fields);
        return;
      case "commandComplete":
        this.#commandTag = (message as messages.CommandCompleteMessage).text;
        return;
      case "copyInResponse":
      case "copyOutResponse":
        this.#isCopy = true;
        return;
      case "readyForQuery":
        this.#status = (message as messages.ReadyForQueryMessage).status;
        return;
    }
  }

  exchange(): Exchange {
    const status = this.#status;
    if (status !== "I" && status !== "T" && status !== "E") {
      throw new PgliteBrokenError("PGlite did not finish its answer");
    }
    return { end: this.#end(), status };
  }

  #end(): StatementEnd {
    if (this.#isCopy) return { kind: "unexpected-message" };
    if (this.#error !== null) return { kind: "failed", error: this.#error };
    if (this.#isTooLarge) return { kind: "too-large" };
    const { fields, rows, commandTag } = {
      fields: this.#fields,
      rows: this.#rows,
      commandTag: this.#commandTag,
    };
    return { kind: "done", result: { fields, rows, commandTag } };
  }

  #takeRow(row: readonly SqlText[]): void {
    if (this.#isTooLarge) return;
    if (this.#budget.take(row)) {
      this.#rows.push(row);
      return;
    }
    this.#isTooLarge = true;
    this.#rows.length = 0;
  }
}

function field(description: messages.Field): SqlField {
  const { name, dataTypeID, tableID, columnID, dataTypeSize, dataTypeModifier } = description;
  return { name, dataTypeID, tableID, columnID, dataTypeSize, dataTypeModifier };
}
