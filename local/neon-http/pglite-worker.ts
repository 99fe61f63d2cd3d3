/**
 * @module
 * The thread that holds PGlite. Postgres in WebAssembly runs to the end of a statement without giving way,
 * so it lives apart from the HTTP server: the server stays responsive, and a statement that takes too long
 * is ended by ending the thread, as a crash would.
 *
 * Messages are handled one at a time, in order.
 */
import { parentPort, workerData } from "node:worker_threads";
import { PGlite } from "@electric-sql/pglite";
import type { SqlOutcome, SqlRequest } from "./database.ts";
import { endSession, runRequest } from "./pglite-session.ts";

/** `null` for a database in memory. */
export interface PgliteWorkerData {
  readonly dataDir: string | null;
}

export type ToPglite =
  | { readonly kind: "run"; readonly request: SqlRequest }
  | { readonly kind: "close" };

export type FromPglite =
  | { readonly kind: "ready" }
  | { readonly kind: "failed-to-open"; readonly message: string }
  /** A statement of the request begins. */
  | { readonly kind: "statement" }
  | { readonly kind: "outcome"; readonly outcome: SqlOutcome }
  /** The instance is unusable; end the thread. */
  | { readonly kind: "broken"; readonly message: string }
  | { readonly kind: "closed" };

/** The default of 128 MB costs 145 MB of resident memory and is no faster at the size of a local stack. */
const SHARED_BUFFERS = "16MB";
/** PGlite sets `public` alone; a server, and Neon, start with this. */
const SEARCH_PATH = '"$user", public';
/** How much of what Postgres wrote to its log goes into an error. */
const LOG_LINES_MAX = 5;

const log: string[] = [];
let db: PGlite;
let tail: Promise<void> = open();

parentPort?.on("message", (message: ToPglite) => {
  tail = tail.then(() => handle(message));
});

function post(message: FromPglite): void {
  parentPort?.postMessage(message);
}

async function open(): Promise<void> {
  const { dataDir } = workerData as PgliteWorkerData;
  const settings = [`shared_buffers=${SHARED_BUFFERS}`, `search_path=${SEARCH_PATH}`];
  try {
    db = await PGlite.create({
      dataDir: dataDir ?? "memory://",
      relaxedDurability: false,
      startParams: [
        ...PGlite.defaultStartParams,
        ...settings.flatMap((setting) => ["-c", setting]),
      ],
      onStderr: keepLogLine,
    });
    post({ kind: "ready" });
  } catch (error) {
    post({ kind: "failed-to-open", message: [reasonOf(error), ...log].join("; ") });
  }
}

async function handle(message: ToPglite): Promise<void> {
  try {
    if (message.kind === "close") {
      await db.close();
      post({ kind: "closed" });
      parentPort?.close();
      return;
    }
    const outcome = await runRequest(db, message.request, () => post({ kind: "statement" }));
    post({ kind: "outcome", outcome });
    await endSession(db);
  } catch (error) {
    post({ kind: "broken", message: [reasonOf(error), ...log].join("; ") });
  }
}

function keepLogLine(line: string): boolean {
  log.push(line);
  if (log.length > LOG_LINES_MAX) log.shift();
  return false;
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : "PGlite threw something that is no error";
}
