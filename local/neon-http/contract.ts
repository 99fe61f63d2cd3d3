/**
 * @module
 * What every SqlDatabase must do, as tests: `sqlDatabaseContract` registers them in the describe block of
 * its caller, for one adapter.
 */
import { afterAll, beforeAll, it } from "vitest";
import { boundCases } from "./contract-bounds.ts";
import type { ContractSubject } from "./contract-calls.ts";
import { sessionCases } from "./contract-sessions.ts";
import { statementCases } from "./contract-statements.ts";
import { transactionCases } from "./contract-transactions.ts";
import { valueCases } from "./contract-values.ts";
import type { TemporaryDatabase } from "./pglite-fixture.ts";

export function sqlDatabaseContract(subject: ContractSubject): void {
  let temporary: TemporaryDatabase;
  beforeAll(async () => {
    temporary = await subject.open({});
  });
  afterAll(() => temporary.dispose());

  const cases = {
    ...valueCases,
    ...statementCases,
    ...sessionCases,
    ...transactionCases,
    ...boundCases,
  };
  for (const [name, run] of Object.entries(cases)) {
    it(name, ({ expect }) => run({ database: temporary.database, subject, expect }));
  }
}
