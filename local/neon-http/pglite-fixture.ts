/**
 * @module
 * A PGlite database of a test's own. initdb takes three seconds, so it runs once a machine and version,
 * into `.local/`, and every test copies the result.
 */
import { cp, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { SqlDatabase } from "./database.ts";
import { createPgliteFolder } from "./pglite-create.ts";
import { openPglite, type PgliteOptions } from "./pglite-database.ts";

export interface TemporaryDatabase {
  readonly database: SqlDatabase;
  /** Closes it and removes its data. */
  dispose(): Promise<void>;
}

export async function temporaryPglite(
  options: Omit<PgliteOptions, "dataDir"> = {},
): Promise<TemporaryDatabase> {
  const folder = await temporaryPgliteFolder();
  const database = await openPglite({ ...options, dataDir: folder });
  return {
    database,
    dispose: async () => {
      await database.close();
      await rm(resolve(folder, ".."), { recursive: true, force: true });
    },
  };
}

/** A fresh data folder; its parent folder is the test's too, and is to be removed by it. */
export async function temporaryPgliteFolder(): Promise<string> {
  const parent = await mkdtemp(join(tmpdir(), "neon-http-"));
  const folder = join(parent, "pgdata");
  await cp(await template(), folder, { recursive: true });
  return folder;
}

async function template(): Promise<string> {
  const manifest = new URL("../../node_modules/@electric-sql/pglite/package.json", import.meta.url);
  const { version } = JSON.parse(await readFile(manifest, "utf8")) as { version: string };
  const folder = resolve(import.meta.dirname, `../../.local/pglite-template-${version}`);
  await createPgliteFolder(folder);
  return folder;
}
