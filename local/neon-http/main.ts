/**
 * @module
 * neon-http as a child process of the supervisor:
 * `node local/neon-http/main.ts --data DIR --port N --password P`, or over a server of your own with
 * `LOCAL_POSTGRES_URL`. Started by hand it prints a line when it is ready.
 */
import { parseArgs } from "node:util";
import { FaultEngine } from "../faults/engine.ts";
import { attachToSupervisor, tellSupervisor } from "../supervisor/child-side.ts";
import type { SqlDatabase } from "./database.ts";
import { openPglite } from "./pglite-database.ts";
import { openPostgres } from "./postgres-database.ts";
import { type NeonHttp, startNeonHttp } from "./server.ts";

const TARGET = "postgres";

interface Settings {
  readonly dataDir: string;
  readonly port: number;
  readonly password: string;
  /** Empty for the built-in Postgres. */
  readonly postgresUrl: string;
}

await main();

async function main(): Promise<void> {
  const faults = new FaultEngine();
  let opened: { readonly database: SqlDatabase; readonly http: NeonHttp } | null = null;
  attachToSupervisor({
    faults,
    counters: () => ({ [TARGET]: { ...opened?.http.counters() } }),
    resetCounters: () => opened?.http.resetCounters(),
    close: async () => {
      await opened?.http.close();
      await opened?.database.close();
    },
  });
  try {
    opened = await open(readSettings(), faults);
  } catch (error) {
    fail(error instanceof Error ? error.message : "neon-http does not start");
    return;
  }
  const { url, port } = opened.http;
  if (process.connected) tellSupervisor({ type: "ready", url, port });
  else process.stdout.write(`neon-http serves ${url}\n`);
}

function readSettings(): Settings {
  const { values } = parseArgs({
    options: {
      data: { type: "string" },
      port: { type: "string" },
      password: { type: "string" },
    },
  });
  const { LOCAL_POSTGRES_URL: postgresUrl = "" } = process.env;
  const { data = "", password = "" } = values;
  const port = Number(values.port);
  if (!Number.isInteger(port) || password === "" || (data === "" && postgresUrl === "")) {
    throw new Error("usage: node local/neon-http/main.ts --data DIR --port N --password P");
  }
  return { dataDir: data, port, password, postgresUrl };
}

async function open(
  { dataDir, port, password, postgresUrl }: Settings,
  faults: FaultEngine,
): Promise<{ readonly database: SqlDatabase; readonly http: NeonHttp }> {
  const database = await (postgresUrl === ""
    ? openPglite({ dataDir })
    : openPostgres({ connectionString: postgresUrl }));
  try {
    const http = await startNeonHttp({ port, database, password, faults, target: TARGET });
    return { database, http };
  } catch (error) {
    await database.close();
    throw error;
  }
}

function fail(message: string): void {
  if (process.connected) tellSupervisor({ type: "failed", message });
  else process.stderr.write(`${message}\n`);
  process.exitCode = 1;
  if (process.connected) process.disconnect();
}
