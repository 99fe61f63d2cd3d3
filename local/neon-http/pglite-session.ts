/**
 * @module
 * One request on a PGlite instance: the transaction around it, and a clean session after it.
 *
 * PGlite has one session for everybody. What a fresh connection would give on a server, ROLLBACK and
 * DISCARD ALL give here: settings, temporary tables, prepared statements, sequences' last values, advisory
 * locks and an open transaction end with the request that made them.
 */
import type { PGlite } from "@electric-sql/pglite";
import { type SqlOutcome, type SqlRequest, type SqlResult, startTransaction } from "./database.ts";
import { command, exchange, type StatementEnd } from "./pglite-statement.ts";
import { ResultBudget } from "./result-budget.ts";

/**
 * Requires that nothing else uses `db` until `endSession` has resolved. `onStatement` is called before
 * each statement. Throws `PgliteBrokenError` when the instance died.
 */
export async function runRequest(
  db: PGlite,
  request: SqlRequest,
  onStatement: () => void,
): Promise<SqlOutcome> {
  const budget = new ResultBudget();
  if (request.kind === "single") {
    onStatement();
    const { end } = await exchange(db, request.statement, budget);
    return end.kind === "done" ? { kind: "done", results: [end.result] } : end;
  }
  const begun = await command(db, startTransaction(request.mode), budget);
  if (begun.end.kind !== "done") return begun.end;
  const results: SqlResult[] = [];
  for (const statement of request.statements) {
    onStatement();
    const { end } = await exchange(db, statement, budget);
    if (end.kind !== "done") return refused(db, end, budget);
    results.push(end.result);
  }
  const { end } = await command(db, "COMMIT", budget);
  return end.kind === "done" ? { kind: "done", results } : end;
}

export async function endSession(db: PGlite): Promise<void> {
  const budget = new ResultBudget();
  if (db.isInTransaction()) await command(db, "ROLLBACK", budget);
  await command(db, "DISCARD ALL", budget);
}

async function refused(
  db: PGlite,
  end: Exclude<StatementEnd, { kind: "done" }>,
  budget: ResultBudget,
): Promise<SqlOutcome> {
  await command(db, "ROLLBACK", budget);
  return end;
}
