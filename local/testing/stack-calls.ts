/** @module How tests call the parts of a running stack: as a client with nothing but `stack.json`. */
import { readStack, type StackFile, type StackRedis } from "../stack-file.ts";

const WORKER_TIMEOUT_MS = 1000;

export interface ControlAnswer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

/** As `stack.json` says now. Throws when no stack runs on the folder. */
export function stackOf(dataDir: string): StackFile {
  const told = readStack(dataDir);
  if (told === null) throw new Error("no stack runs");
  return told;
}

/** The result of one command, or `error: …` with Redis's text. */
export async function callRedis(
  { url, token }: StackRedis,
  ...command: string[]
): Promise<unknown> {
  const response = await fetch(url, {
    method: "POST",
    headers: { authorization: `Bearer ${token}` },
    body: JSON.stringify(command),
  });
  const { result, error } = (await response.json()) as { result?: unknown; error?: string };
  return error === undefined ? result : `error: ${error}`;
}

/** A string is sent as it is, anything else as JSON. */
export async function callControl(
  { faults, key }: StackFile,
  method: string,
  path: string,
  body?: unknown,
): Promise<ControlAnswer> {
  const response = await fetch(`${faults.url}${path}`, {
    method,
    headers: { authorization: `Bearer ${key}` },
    ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
  });
  return { status: response.status, body: (await response.json()) as ControlAnswer["body"] };
}

/** The rows as Postgres's own text. */
export async function callSql({ postgres }: StackFile, query: string): Promise<unknown> {
  const response = await fetch(postgres.sqlUrl, {
    method: "POST",
    headers: {
      "neon-connection-string": postgres.url,
      "neon-array-mode": "true",
      "neon-raw-text-output": "true",
    },
    body: JSON.stringify({ query, params: [] }),
  });
  return ((await response.json()) as { rows?: unknown }).rows;
}

/** The status of the Worker, or `null` when it does not answer. */
export async function workerStatusOf({ url }: StackFile): Promise<number | null> {
  try {
    const signal = AbortSignal.timeout(WORKER_TIMEOUT_MS);
    return (await fetch(`${url}/health/live`, { signal })).status;
  } catch {
    return null;
  }
}
