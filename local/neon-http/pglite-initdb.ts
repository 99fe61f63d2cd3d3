/**
 * @module
 * A process of its own that makes one PGlite data folder and exits: `node pglite-initdb.ts <folder>`.
 * Started by `pglite-create.ts`.
 */
import { PGlite } from "@electric-sql/pglite";

const folder = process.argv[2];
if (folder === undefined) throw new Error("usage: node pglite-initdb.ts <folder>");
try {
  const db = await PGlite.create(folder, { relaxedDurability: false });
  await db.close();
} catch (error) {
  // Its stack would quote a megabyte of bundled source.
  process.stderr.write(`${error instanceof Error ? error.message : "PGlite failed"}\n`);
  process.exitCode = 1;
}
