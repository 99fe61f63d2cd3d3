/**
 * @module
 * Runs every case of the compatibility tables on one database.
 */
import type { SqlDatabase } from "../database.ts";
import { errorTable } from "./errors.ts";
import { optionTable } from "./options.ts";
import { paramTable } from "./params.ts";
import { type CompatibilityTable, openSubject } from "./subject.ts";
import { typeTable } from "./types.ts";

export const TABLES: readonly CompatibilityTable[] = [
  typeTable,
  paramTable,
  optionTable,
  errorTable,
];

export interface Measured {
  /** `SHOW server_version`. */
  readonly version: string;
  /** For each of `TABLES`, for each of its cases, the measured cells. */
  readonly cells: readonly (readonly (readonly string[])[])[];
}

/** Requires a fresh database. Sets this process's time zone to UTC: `date` and `timestamp` depend on it. */
export async function measure(database: SqlDatabase): Promise<Measured> {
  Object.assign(process.env, { TZ: "UTC" });
  const subject = await openSubject(database);
  try {
    const [row] = await subject.sql.query("SHOW server_version", [], { arrayMode: true });
    const cells = [];
    for (const { setUp, cases } of TABLES) {
      for (const text of setUp) await subject.sql.query(text);
      const measured = [];
      for (const one of cases) measured.push(await one.measure(subject));
      cells.push(measured);
    }
    return { version: String(row?.[0]), cells };
  } finally {
    await subject.close();
  }
}
