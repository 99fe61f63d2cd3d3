/**
 * @module
 * Postgres with the pattern's schema in it. A fresh database says that a table or function is missing; then
 * the schema is applied and the statement sent again, so that a deployment needs no step of its own.
 *
 * Invariants:
 *
 * 1. A statement is sent again only when Postgres did not know what it names, so nothing of it was applied.
 * 2. At most one application for each statement, and none for `PAUSE_MS` after one that failed.
 */
import type { BoundedCache } from "../../shared/kernel/bounded-cache.ts";
import { UpstreamError } from "../../shared/kernel/errors.ts";
import type { Clock } from "../../shared/kernel/time.ts";
import type { PostgresPort } from "../../shared/postgres/port.ts";
import SCHEMA from "./schema.sql";

export const PAUSE_MS = 10_000;

/** `undefined_table` and `undefined_function` (PostgreSQL docs, appendix A). */
const MISSING = new Set(["42P01", "42883"]);

const FAILED = "failed";

export interface Installer {
  /** Remembers a failed application; entries live for `PAUSE_MS`. */
  readonly recent: BoundedCache<true>;
  readonly clock: Clock;
}

export function installed(postgres: PostgresPort, { recent, clock }: Installer): PostgresPort {
  const install = async () => {
    try {
      await postgres.query(SCHEMA, []);
    } catch (error) {
      recent.set(FAILED, true, clock());
      throw error;
    }
  };
  return {
    async query(text, parameters, options) {
      try {
        return await postgres.query(text, parameters, options);
      } catch (error) {
        if (!isMissing(error) || recent.get(FAILED, clock())) throw error;
      }
      await install();
      return await postgres.query(text, parameters, options);
    },
  };
}

function isMissing(error: unknown): boolean {
  return error instanceof UpstreamError && MISSING.has(error.storeCode ?? "");
}
