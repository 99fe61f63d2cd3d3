/**
 * @module
 * `npm start`: the whole stack in the foreground until Ctrl-C. `npm run local -- --only <part>`: one part of it
 * over a store of your own.
 */
import { join, resolve } from "node:path";
import { nearest, readCommandLine } from "./command-line.ts";
import { defaultDataDir, runStack } from "./supervisor/run-stack.ts";

const ROOT = join(import.meta.dirname, "..");

/** Loaded only when asked for. Each reads its own options. */
const PARTS: Readonly<Record<string, (argv: readonly string[]) => Promise<void>>> = {
  "redis-http": async (argv) => (await import("./redis-http/cli.ts")).runRedisHttpOnly(argv),
  "neon-http": async (argv) => (await import("./neon-http/cli.ts")).runNeonHttpOnly(argv),
};

const argv = process.argv.slice(2);
const only = argv.findIndex((argument) => argument === "--only" || argument.startsWith("--only="));
if (only === -1) await startStack();
else await startPart(only);

async function startStack(): Promise<void> {
  const { options } = readCommandLine(
    {
      usage: "npm start",
      summary: "Starts the Worker, its Redis and its Postgres on this machine, until Ctrl-C.",
      options: {
        port: { kind: "number", value: "N", default: 8787, help: "port of the Worker, first of 4" },
        "redis-port": {
          kind: "number",
          value: "N",
          default: 7400,
          help: "first of 32 ports for the stores",
        },
        data: { kind: "text", value: "DIR", help: "where everything is kept (default .local)" },
        "single-database": {
          kind: "flag",
          help: "one Redis for everything, as on one Upstash database",
        },
        only: {
          kind: "text",
          value: "PART",
          help: "just redis-http or neon-http, over your own store; see --only PART --help",
        },
      },
      more: "LOCAL_POSTGRES_URL=postgres://… uses that server instead of the built-in Postgres.",
    },
    argv,
  );
  await runStack({
    root: ROOT,
    dataDir: options.data === null ? defaultDataDir(ROOT) : resolve(options.data),
    bases: { port: options.port, redisPort: options["redis-port"] },
    isSingleDatabase: options["single-database"],
  });
}

/** The arguments around `--only PART` are the part's own. */
async function startPart(index: number): Promise<void> {
  const argument = argv[index] ?? "";
  const isInline = argument.includes("=");
  const name = isInline ? argument.slice(argument.indexOf("=") + 1) : (argv[index + 1] ?? "");
  const run = Object.hasOwn(PARTS, name) ? PARTS[name] : undefined;
  if (run === undefined) {
    const near = nearest(name, Object.keys(PARTS));
    const hint = near === null ? "" : ` Did you mean ${near}?`;
    process.stderr.write(
      `--only takes ${Object.keys(PARTS).join(" or ")}, not "${name}".${hint}\nSee: npm start -- --help\n`,
    );
    process.exit(2);
  }
  await run([...argv.slice(0, index), ...argv.slice(index + (isInline ? 1 : 2))]);
}
