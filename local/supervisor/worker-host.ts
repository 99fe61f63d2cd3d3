/**
 * @module
 * A child of the supervisor: the Worker in Miniflare, its socket straight into workerd.
 *
 * 1. Requests never pass through this process: it only starts workerd and watches it.
 * 2. workerd that dies is started again here (Miniflare does that); the supervisor is told the new pid.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { convertV4MiniflareOptions, Log, LogLevel, Miniflare } from "miniflare";
import { attachToSupervisor, failStart, tellSupervisor } from "./child-side.ts";
import { childrenOf } from "./process-identity.ts";

/** What the supervisor puts into `WORKER_HOST`. */
export interface WorkerHostConfig {
  readonly bundleDir: string;
  readonly persistDir: string;
  readonly port: number;
  readonly bindings: Readonly<Record<string, string>>;
}

/** The script's name is part of the identity of its Durable Objects: keep it. */
const WORKER_NAME = "edge-kv-patterns";
const HOST = "127.0.0.1";

const { WORKER_HOST } = process.env;
const config = JSON.parse(WORKER_HOST ?? "null") as WorkerHostConfig;
// workerd inherits the environment: the configuration holds every secret, and malloc is this process's affair.
process.env = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !/^(WORKER_HOST$|MALLOC_)/.test(name)),
);

const miniflare = new Miniflare(miniflareOptions(config));
attachToSupervisor({
  counters: () => ({}),
  resetCounters: () => undefined,
  close: () => miniflare.dispose(),
});
try {
  await miniflare.ready;
  await sayReady();
} catch (error) {
  failStart(error);
}

function miniflareOptions({ bundleDir, persistDir, port, bindings }: WorkerHostConfig) {
  const options = JSON.parse(readFileSync(join(bundleDir, "options.json"), "utf8")) as {
    readonly bindings?: Readonly<Record<string, string>>;
  };
  return convertV4MiniflareOptions({
    workers: [
      {
        ...options,
        name: WORKER_NAME,
        modules: bundleModules(bundleDir),
        bindings: { ...options.bindings, ...bindings },
        unsafeDirectSockets: [{ host: HOST, port }],
      },
    ],
    host: HOST,
    port: 0,
    cf: false,
    log: new Log(LogLevel.ERROR),
    logRequests: false,
    resourcePersistencePath: persistDir,
    unsafeTriggerHandlers: true,
    unsafeHandleRuntimeRestart: sayReady,
  });
}

/** The entry module first, as Miniflare wants it, then the text modules that it imports. */
function bundleModules(bundleDir: string) {
  const texts = readdirSync(bundleDir).filter((name) => /\.(lua|sql|txt|html)$/.test(name));
  return [
    { type: "ESModule" as const, path: "index.js", contents: read(bundleDir, "index.js") },
    ...texts.map((name) => ({
      type: "Text" as const,
      path: name,
      contents: read(bundleDir, name),
    })),
  ];
}

function read(dir: string, name: string): string {
  return readFileSync(join(dir, name), "utf8");
}

/** Its address is that of Miniflare's own entry, which takes triggers; callers use the direct socket. */
async function sayReady(): Promise<void> {
  const [workerPid] = childrenOf(process.pid);
  const entry = await miniflare.ready;
  tellSupervisor({
    type: "ready",
    url: entry.href,
    ...(workerPid === undefined ? {} : { workerPid }),
  });
}
