/**
 * @module
 * PostgresPort over Neon's SQL-over-HTTP, and the only file that talks to `@neondatabase/serverless`.
 *
 * A connection string whose host is loopback is served by a local endpoint that speaks the same dialect
 * at `http://host:port/sql`; every other host goes where the driver sends it.
 */
import { NeonDbError, neon, neonConfig } from "@neondatabase/serverless";
import { type Breaker, breaker } from "../kernel/breaker.ts";
import type { Deadline } from "../kernel/deadline.ts";
import { type Outcome, UpstreamError, type UpstreamFault } from "../kernel/errors.ts";
import type { Clock } from "../kernel/time.ts";
import type { StoreTraffic } from "../kernel/traffic.ts";
import type { PostgresPort, PostgresRow } from "./port.ts";

/** Bound of one statement when its caller names none. */
const STATEMENT_TIMEOUT_MS = 2_000;

/**
 * SQLSTATE classes after which a statement may have committed: connection exceptions, operator
 * intervention, system errors (PostgreSQL docs, appendix A). In any other class it was rolled back.
 */
const MAYBE_COMMITTED = /^(08|57P|58|XX)/;

const LOOPBACK = new Set(["127.0.0.1", "localhost", "[::1]"]);

const driverEndpoint = neonConfig.fetchEndpoint;

neonConfig.fetchEndpoint = (host, port, options) => {
  if (LOOPBACK.has(host)) return `http://${host}:${port}/sql`;
  return typeof driverEndpoint === "string" ? driverEndpoint : driverEndpoint(host, port, options);
};

/** Leaves every column as the text Postgres sent. The driver reads it from a query's options only. */
const AS_TEXT = { getTypeParser: () => (text: string) => text };

export interface PostgresDatabase {
  readonly breaker: Breaker;
  /** A port for one request. */
  port(request: { readonly traffic: StoreTraffic; readonly deadline: Deadline }): PostgresPort;
}

export function neonDatabase(connectionString: string, clock: Clock): PostgresDatabase {
  const sql = neon(connectionString);
  const guard = breaker();
  return {
    breaker: guard,
    port: ({ traffic, deadline }) => ({
      query: (text, parameters, options) =>
        traffic.run("postgres", async () => {
          const timeoutMs = Math.min(
            options?.timeoutMs ?? STATEMENT_TIMEOUT_MS,
            deadline.remainingMs(),
          );
          if (timeoutMs <= 0) throw failure("timeout", "not_applied");
          if (!guard.admits(clock())) throw failure("circuit_open", "not_applied");
          try {
            const rows = await sql.query(text, [...parameters], {
              types: AS_TEXT,
              fetchOptions: { signal: AbortSignal.timeout(timeoutMs) },
            });
            guard.succeeded();
            return rows as PostgresRow[];
          } catch (error) {
            const failed = failureOf(error);
            guard.failed(failed.fault, timeoutMs, clock());
            throw failed;
          }
        }),
    }),
  };
}

function failureOf(error: unknown): UpstreamError {
  if (!(error instanceof NeonDbError)) {
    return failure(isTimeout(error) ? "timeout" : "garbage", "unknown");
  }
  if (error.code) {
    const outcome = MAYBE_COMMITTED.test(error.code) ? "unknown" : "not_applied";
    return failure("refused", outcome, error.code);
  }
  return failure(isTimeout(error.sourceError) ? "timeout" : "unreachable", "unknown");
}

/** The signal of the statement fires before the reply as well as in the middle of it. */
function isTimeout(error: unknown): boolean {
  return error instanceof Error && error.name === "TimeoutError";
}

function failure(fault: UpstreamFault, outcome: Outcome, storeCode?: string): UpstreamError {
  return new UpstreamError({
    dependency: "postgres",
    fault,
    outcome,
    ...(storeCode === undefined ? {} : { storeCode }),
  });
}
