/**
 * @module
 * neon-http as a child process of the supervisor:
 * `node local/neon-http/main.ts --data DIR --port N --password P`, or over a server of your own with
 * `LOCAL_POSTGRES_URL`. Started by hand it prints a line when it is ready. The password may come as
 * `NEON_HTTP_PASSWORD` instead: every user of the machine can read a command line.
 */
import { parseArgs } from "node:util";
import { FaultEngine } from "../faults/engine.ts";
import { attachToSupervisor, failStart, tellSupervisor } from "../supervisor/child-side.ts";
import type { SqlDatabase } from "./database.ts";
import { openPglite } from "./pglite-database.ts";
import { openPostgres } from "./postgres-database.ts";
import { type NeonHttp, startNeonHttp } from "./server.ts";

const TARGET = "postgres";

const faults = new FaultEngine();
let database: SqlDatabase | null = null;
let http: NeonHttp | null = null;

// Before anything slow: who loses its supervisor while it starts goes away too.
attachToSupervisor({
  faults,
  counters: () => ({ [TARGET]: { ...http?.counters() } }),
  resetCounters: () => http?.resetCounters(),
  close: async () => {
    await http?.close();
    await database?.close();
  },
});
try {
  const { port, password, open } = readSettings();
  database = await open();
  http = await startNeonHttp({ port, database, password, faults, target: TARGET });
  if (process.connected) tellSupervisor({ type: "ready", url: http.url, port: http.port });
  else process.stdout.write(`neon-http serves ${http.url}\n`);
} catch (error) {
  await database?.close();
  failStart(error);
}

interface Settings {
  readonly port: number;
  readonly password: string;
  open(): Promise<SqlDatabase>;
}

function readSettings(): Settings {
  const { values } = parseArgs({
    options: {
      data: { type: "string" },
      port: { type: "string" },
      password: { type: "string" },
    },
  });
  const { LOCAL_POSTGRES_URL: connectionString = "", NEON_HTTP_PASSWORD = "" } = process.env;
  const { data: dataDir = "", password = NEON_HTTP_PASSWORD } = values;
  const port = Number(values.port);
  if (!Number.isInteger(port) || password === "" || (dataDir === "" && connectionString === "")) {
    throw new Error("usage: node local/neon-http/main.ts --data DIR --port N --password P");
  }
  const isOwnServer = connectionString !== "";
  return {
    port,
    password,
    open: () => (isOwnServer ? openPostgres({ connectionString }) : openPglite({ dataDir })),
  };
}
