import { afterAll, beforeAll, describe, it } from "vitest";
import { sqlDatabaseContract } from "./contract.ts";
import { openPostgres } from "./postgres-database.ts";
import { postgresBinaries, type TemporaryPostgres, temporaryPostgres } from "./postgres-fixture.ts";

const binaries = postgresBinaries();

if (binaries === null) {
  describe("SqlDatabase over a Postgres server", () => {
    it("is not tested here: no Postgres binaries under /usr/lib/postgresql", () => {});
  });
} else {
  describe("SqlDatabase over a Postgres server", () => {
    let postgres: TemporaryPostgres;
    beforeAll(async () => {
      postgres = await temporaryPostgres(binaries);
    });
    afterAll(() => postgres.dispose());

    sqlDatabaseContract({
      slots: 20,
      open: async (options) => {
        const database = await openPostgres({
          ...options,
          connectionString: postgres.connectionString,
        });
        return { database, dispose: () => database.close() };
      },
    });
  });
}
