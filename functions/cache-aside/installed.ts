/**
 * @module
 * Postgres with the pattern's schema in it. A fresh database says that a table or function is missing; then
 * the schema is applied and the statement sent again, so that a deployment needs no step of its own.
 *
 * Invariants:
 *
 * 1. A statement is sent again only when Postgres did not know what it names, so nothing of it was applied.
 * 2. An isolate applies the schema once; requests that come meanwhile look again until it is there. After a
 *    failure nobody tries for `PAUSE_MS`.
 */
import type { Attempts } from "../../shared/kernel/attempts.ts";
import { type BoundedCache, boundedCache } from "../../shared/kernel/bounded-cache.ts";
import { UpstreamError } from "../../shared/kernel/errors.ts";
import type { PostgresPort } from "../../shared/postgres/port.ts";
import SCHEMA from "./schema.sql";

const PAUSE_MS = 10_000;

const LOOK_AGAIN_MS = 100;
const LOOKS_MAX = 50;

/** `undefined_table` and `undefined_function` (PostgreSQL docs, appendix A). */
const MISSING = new Set(["42P01", "42883"]);

const STATE = "state";

/** What an isolate remembers for `PAUSE_MS`: that the schema is being applied, or could not be. */
export type InstallState = BoundedCache<"running" | "failed">;

export function installState(): InstallState {
  return boundedCache({ entriesMax: 1, ttlMs: PAUSE_MS });
}

export function installed(
  postgres: PostgresPort,
  state: InstallState,
  { clock, sleep }: Pick<Attempts, "clock" | "sleep">,
): PostgresPort {
  const install = async () => {
    state.set(STATE, "running", clock());
    try {
      await postgres.query(SCHEMA, []);
    } catch (error) {
      state.set(STATE, "failed", clock());
      throw error;
    }
  };
  return {
    async query(text, parameters, options) {
      for (let look = 1; ; look += 1) {
        try {
          return await postgres.query(text, parameters, options);
        } catch (error) {
          const isFailed = state.get(STATE, clock()) === "failed";
          if (!isMissing(error) || isFailed || look === LOOKS_MAX) throw error;
        }
        if (state.get(STATE, clock()) === undefined) await install();
        else await sleep(LOOK_AGAIN_MS);
      }
    },
  };
}

function isMissing(error: unknown): boolean {
  return error instanceof UpstreamError && MISSING.has(error.storeCode ?? "");
}
