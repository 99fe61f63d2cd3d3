/**
 * @module
 * Prints `COMPATIBILITY.md`: measures the unmodified Neon driver on neon-http over PGlite and over a Postgres
 * server, and compares. Needs Postgres' binaries.
 */
import { documentOf } from "./compatibility/document.ts";
import { measure } from "./compatibility/measure.ts";
import { temporaryPglite } from "./pglite-fixture.ts";
import { openPostgres } from "./postgres-database.ts";
import { postgresBinaries, temporaryPostgres } from "./postgres-fixture.ts";

const binaries = postgresBinaries();
if (binaries === null) {
  process.stderr.write("No Postgres to compare with: apt-get install postgresql\n");
  process.exit(1);
}
const pglite = await temporaryPglite();
const server = await temporaryPostgres(binaries);
const { connectionString } = server;
const postgres = await openPostgres({ connectionString });
try {
  process.stdout.write(documentOf(await measure(pglite.database), await measure(postgres)));
} finally {
  await postgres.close();
  await server.dispose();
  await pglite.dispose();
}
