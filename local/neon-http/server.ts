/**
 * @module
 * Neon's SQL over HTTP on a loopback port, over whatever database it is given. The unmodified
 * `@neondatabase/serverless` is its client; `COMPATIBILITY.md` says what differs from Neon.
 */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { FaultEngine } from "../faults/engine.ts";
import type { SqlDatabase } from "./database.ts";
import { type EndpointCounters, SqlEndpoint } from "./endpoint.ts";

const HOST = "127.0.0.1";
const CONNECTIONS_MAX = 2_000;
/** Longer than clients keep an idle connection: they close it, and never write to one that closes. */
const KEEP_ALIVE_MS = 75_000;

export interface NeonHttpOptions {
  /** 0 for any free one. */
  readonly port: number;
  /** Stays the caller's: it is not closed here. */
  readonly database: SqlDatabase;
  readonly password: string;
  readonly faults?: FaultEngine;
  readonly target?: "postgres";
}

export interface NeonHttp {
  /** For `neonConfig.fetchEndpoint`: it ends in `/sql`. */
  readonly url: string;
  readonly port: number;
  counters(): EndpointCounters;
  resetCounters(): void;
  /** Ends open connections at once. */
  close(): Promise<void>;
}

/** Rejects with a text for people when the port cannot be had. */
export async function startNeonHttp(options: NeonHttpOptions): Promise<NeonHttp> {
  const { database, password, faults, target = "postgres" } = options;
  const endpoint = new SqlEndpoint({ database, password, faults, target });
  const server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS }, (request, response) => {
    void endpoint.answer(request, response);
  });
  server.maxConnections = CONNECTIONS_MAX;
  const port = await listen(server, options.port);
  return {
    url: `http://${HOST}:${port}/sql`,
    port,
    counters: () => endpoint.counters,
    resetCounters: () => endpoint.resetCounters(),
    close: () => {
      endpoint.close();
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      return closed;
    },
  };
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      const reason =
        error.code === "EADDRINUSE"
          ? "is in use"
          : `cannot be listened on (${error.code ?? error.message})`;
      reject(new Error(`Port ${port} ${reason}. Choose another with --sql-port.`));
    });
    server.listen(port, HOST, () => resolve((server.address() as AddressInfo).port));
  });
}
