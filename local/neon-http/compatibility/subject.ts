/**
 * @module
 * What the compatibility tables are measured on: the unmodified driver, neon-http, and one database.
 */
import { randomBytes } from "node:crypto";
import { type NeonQueryFunction, neon, neonConfig } from "@neondatabase/serverless";
import type { SqlDatabase } from "../database.ts";
import { type NeonHttp, startNeonHttp } from "../server.ts";

export interface Subject {
  readonly sql: NeonQueryFunction<false, false>;
  readonly connectionString: string;
  readonly http: NeonHttp;
  readonly database: SqlDatabase;
  /** Leaves the database open. */
  close(): Promise<void>;
}

/** A table of the document: one row a case, its first cells fixed, the others measured. */
export interface CompatibilityTable {
  readonly title: string;
  readonly columns: readonly string[];
  /** Statements that make what the cases use. */
  readonly setUp: readonly string[];
  readonly cases: readonly CompatibilityCase[];
}

export interface CompatibilityCase {
  /** Never changing: they say what is asked. */
  readonly cells: readonly string[];
  /** What the driver's user gets. Rejects when the case itself is wrong. */
  measure(subject: Subject): Promise<readonly string[]>;
}

export async function openSubject(database: SqlDatabase): Promise<Subject> {
  const password = randomBytes(12).toString("hex");
  const http = await startNeonHttp({ port: 0, database, password });
  // Global to the driver: every subject of this process is found by its port.
  neonConfig.fetchEndpoint = (host, port) => `http://${host}:${port}/sql`;
  const connectionString = `postgres://postgres:${password}@127.0.0.1:${http.port}/postgres`;
  return {
    sql: neon(connectionString),
    connectionString,
    http,
    database,
    close: () => http.close(),
  };
}
