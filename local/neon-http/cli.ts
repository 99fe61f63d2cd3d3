/**
 * @module
 * neon-http alone, for a Worker of your own: `npm run local -- --only neon-http`. Over the built-in Postgres,
 * whose data stays in a folder, or over a server of your own with `--postgres postgres://…`.
 */
import { randomBytes } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { readCommandLine } from "../command-line.ts";
import { onStopSignal } from "../stop-signals.ts";
import type { SqlDatabase } from "./database.ts";
import { openPglite } from "./pglite-database.ts";
import { openPostgres } from "./postgres-database.ts";
import { type NeonHttp, startNeonHttp } from "./server.ts";

const ROOT = resolve(import.meta.dirname, "../..");

interface Settings {
  readonly postgres: string | null;
  readonly data: string;
  readonly "sql-port": number;
  readonly password: string | null;
}

/** Serves until Ctrl-C. Exits with a sentence on stderr when the arguments or the database are wrong. */
export async function runNeonHttpOnly(argv: readonly string[]): Promise<void> {
  const { options } = readCommandLine(
    {
      usage: "npm run local -- --only neon-http",
      summary: "Serves Neon's SQL over HTTP on this machine, until Ctrl-C.",
      options: {
        postgres: {
          kind: "text",
          value: "URL",
          help: "a Postgres server of yours; default: a built-in Postgres (PGlite)",
        },
        data: {
          kind: "text",
          value: "DIR",
          default: join(ROOT, ".local", "neon-http"),
          help: "where the built-in Postgres keeps its data (default .local/neon-http)",
        },
        "sql-port": { kind: "number", value: "N", default: 4444, help: "port to serve; 0: any" },
        password: {
          kind: "text",
          value: "P",
          help: "what the connection string must carry (default: made once, kept with the data)",
        },
      },
    },
    argv,
  );
  try {
    await serve(options);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : "neon-http stopped"}\n`);
    process.exitCode = 1;
  }
}

async function serve(settings: Settings): Promise<void> {
  const password = settings.password ?? (await keptPassword(settings));
  const database = await openDatabase(settings);
  let http: NeonHttp;
  try {
    http = await startNeonHttp({ port: settings["sql-port"], database, password });
  } catch (error) {
    await database.close();
    throw error;
  }
  const stopped = new Promise<void>((resolve) => onStopSignal(resolve));
  process.stdout.write(instructions({ http, password, settings }));
  await stopped;
  await http.close();
  await database.close();
}

function openDatabase({ postgres, data }: Settings): Promise<SqlDatabase> {
  if (postgres !== null) return openPostgres({ connectionString: postgres });
  return openPglite({ dataDir: join(resolve(data), "pgdata") });
}

/** The same at each start, so that a DATABASE_URL that was pasted stays right. */
async function keptPassword({ data }: Settings): Promise<string> {
  const path = join(resolve(data), "password");
  try {
    return (await readFile(path, "utf8")).trim();
  } catch {
    const password = randomBytes(24).toString("base64url");
    await mkdir(resolve(data), { recursive: true });
    await writeFile(path, `${password}\n`, { mode: 0o600 });
    return password;
  }
}

interface Started {
  readonly http: NeonHttp;
  readonly password: string;
  readonly settings: Settings;
}

function instructions({ http, password, settings }: Started): string {
  const databaseName =
    settings.postgres === null ? "" : new URL(settings.postgres).pathname.slice(1);
  const where = settings.postgres === null ? `data in ${resolve(settings.data)}` : "your server";
  const databaseUrl = new URL(`postgres://postgres@127.0.0.1:${http.port}`);
  databaseUrl.password = password;
  databaseUrl.pathname = databaseName || "postgres";
  return [
    `neon-http serves Postgres (${where}). Ctrl-C stops it.`,
    "",
    `DATABASE_URL=${databaseUrl.href}`,
    "",
    "Before the first query, once:",
    `  neonConfig.fetchEndpoint = "${http.url}";  // from "@neondatabase/serverless"`,
    "",
  ].join("\n");
}
