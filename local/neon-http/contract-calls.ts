/**
 * @module
 * What the parts of the contract of SqlDatabase share: their shape, and short ways to ask a database.
 */
import type { ExpectStatic } from "vitest";
import type { SqlDatabase, SqlOutcome, SqlResult, SqlText, TransactionMode } from "./database.ts";
import type { TemporaryDatabase } from "./pglite-fixture.ts";

export interface ContractOptions {
  readonly statementTimeoutMs?: number;
  readonly waitMaxMs?: number;
  readonly waitingMax?: number;
}

export interface ContractSubject {
  /** How many requests it runs at a time. */
  readonly slots: number;
  open(options: ContractOptions): Promise<TemporaryDatabase>;
}

const PLAIN: TransactionMode = { isolation: null, isReadOnly: false, isDeferrable: false };

export const single = (database: SqlDatabase, text: string, ...params: readonly SqlText[]) =>
  database.run({ kind: "single", statement: { text, params } });

export const transaction = (
  database: SqlDatabase,
  texts: readonly string[],
  mode: Partial<TransactionMode> = {},
) =>
  database.run({
    kind: "transaction",
    statements: texts.map((text) => ({ text, params: [] })),
    mode: { ...PLAIN, ...mode },
  });

/** Rows of the last result; throws when it was refused. */
export async function rowsOf(outcome: Promise<SqlOutcome>): Promise<SqlResult["rows"]> {
  const ended = await outcome;
  if (ended.kind !== "done") throw new Error(JSON.stringify(ended));
  return ended.results.at(-1)?.rows ?? [];
}

export const codeOf = (outcome: SqlOutcome) =>
  outcome.kind === "failed" ? outcome.error.code : outcome;

export interface ContractContext {
  /** Shared by the cases of a run: each names its tables for itself. */
  readonly database: SqlDatabase;
  readonly subject: ContractSubject;
  readonly expect: ExpectStatic;
}

/** Sentence about behaviour -> test. */
export type ContractCases = Readonly<Record<string, (context: ContractContext) => Promise<void>>>;
