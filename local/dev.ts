/**
 * @module
 * `npm run dev`: the Worker in `wrangler dev`, built again at every change, over the stores of a stack. Where a
 * stack runs on the data folder its stores are used; otherwise they are started here, and stop with it.
 */
import { join, resolve } from "node:path";
import { readCommandLine } from "./command-line.ts";
import { readStack } from "./stack-file.ts";
import { devPort } from "./supervisor/ports.ts";
import { defaultDataDir, runStack } from "./supervisor/run-stack.ts";
import { runWranglerDev, wranglerDevPlan } from "./supervisor/wrangler-dev.ts";

const ROOT = join(import.meta.dirname, "..");
const PORT_DEFAULT = 8787;

const { options, passedOn } = readCommandLine({
  usage: "npm run dev",
  summary: "Runs the Worker with reload, over the stores of the local stack.",
  options: {
    port: {
      kind: "number",
      value: "N",
      help: `port of the Worker (default ${PORT_DEFAULT}, or the one after that of a stack that runs)`,
    },
    "redis-port": { kind: "number", value: "N", default: 7400, help: "as for npm start" },
    data: { kind: "text", value: "DIR", help: "as for npm start (default .local)" },
    "single-database": { kind: "flag", help: "as for npm start" },
  },
  passedOn: "for wrangler dev",
});
const dataDir = options.data === null ? defaultDataDir(ROOT) : resolve(options.data);
const running = readStack(dataDir);
if (running === null) {
  const port = options.port ?? PORT_DEFAULT;
  await runStack({
    root: ROOT,
    dataDir,
    bases: { port, redisPort: options["redis-port"] },
    isSingleDatabase: options["single-database"],
    worker: async ({ around }) => wranglerDevPlan({ root: ROOT, dataDir, port, around, passedOn }),
  });
} else {
  const port = options.port ?? devPort(Number(new URL(running.url).port));
  process.stdout.write(`over the stores of the stack with pid ${running.pid}\n`);
  process.exitCode = await runWranglerDev({ root: ROOT, dataDir, port, passedOn });
}
