/**
 * @module
 * A process that writes rows 0, 1, 2, … into PGlite and tells its parent each one that was answered, until it
 * is killed.
 */
import { openPglite } from "./pglite-database.ts";

const ROWS_MAX = 100_000;

const database = await openPglite({ dataDir: process.argv[2] ?? "" });
const run = (text: string, ...params: readonly string[]) =>
  database.run({ kind: "single", statement: { text, params } });

await run("CREATE TABLE written (id int4 PRIMARY KEY)");
for (let id = 0; id < ROWS_MAX; id++) {
  const { kind } = await run("INSERT INTO written VALUES ($1)", `${id}`);
  if (kind === "done") process.send?.(id);
}
