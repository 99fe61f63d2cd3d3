import { readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { BenchRow } from "./row.ts";

const ROWS_DIR = join(dirname(fileURLToPath(import.meta.url)), "rows");

export interface DiscoveredRow {
  readonly path: string;
  readonly row: BenchRow;
}

/** Every file of `rows/`, by name. */
export async function discoverRows(dir: string = ROWS_DIR): Promise<DiscoveredRow[]> {
  const files = readdirSync(dir)
    .filter((name) => name.endsWith(".ts"))
    .sort();
  return await Promise.all(
    files.map(async (name) => {
      const path = join(dir, name);
      const { row }: { readonly row: BenchRow } = await import(pathToFileURL(path).href);
      return { path, row };
    }),
  );
}
