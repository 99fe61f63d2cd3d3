/**
 * @module
 * The control endpoint of a stack: faults, processes and counters over HTTP, for tests, the lab and the console.
 *
 * 1. It listens on loopback and wants `Authorization: Bearer <key of the stack>`: a page in a browser on this
 *    machine can reach loopback, but does not know the key.
 * 2. A call answers when what it asked for has happened: a killed process is gone, a started one serves.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { keyHash } from "./secrets.ts";

const HOST = "127.0.0.1";
const BODY_MAX_BYTES = 64 * 1024;

export interface ControlReply {
  readonly status: number;
  readonly body?: unknown;
  readonly allow?: readonly string[];
}

export interface ControlRequest {
  readonly method: string;
  /** Decoded path segments: `["processes", "node-1", "kill"]`. */
  readonly path: readonly string[];
  /** The parsed JSON body; `undefined` when there is none. */
  readonly body: unknown;
}

export type ControlHandler = (request: ControlRequest) => Promise<ControlReply>;

export function problem(status: number, detail: string, allow?: readonly string[]): ControlReply {
  return { status, body: { status, detail }, ...(allow === undefined ? {} : { allow }) };
}

/** Serves on 127.0.0.1. The promise resolves once it listens. */
export async function startControlServer(options: {
  readonly port: number;
  readonly key: string;
  readonly handle: ControlHandler;
}): Promise<{ readonly close: () => Promise<void> }> {
  const expected = keyHash(options.key);
  const server = createServer((request, response) => {
    void reply(request, options.handle, expected).then((answer) => send(response, answer));
  });
  await listen(server, options.port);
  return { close: () => close(server) };
}

async function reply(
  request: IncomingMessage,
  handle: ControlHandler,
  expectedHash: string,
): Promise<ControlReply> {
  const [, key = ""] = /^Bearer (.+)$/.exec(request.headers.authorization ?? "") ?? [];
  if (keyHash(key) !== expectedHash) {
    return problem(401, "Send Authorization: Bearer <key>; stack.json holds the key.");
  }
  const body = await readBody(request);
  if (body === null) return problem(413, `The body is larger than ${BODY_MAX_BYTES} bytes.`);
  try {
    return await handle({
      method: request.method ?? "GET",
      path: segments(request.url ?? "/"),
      body: body === "" ? undefined : JSON.parse(body),
    });
  } catch (error) {
    if (error instanceof SyntaxError) return problem(400, "The body is not JSON.");
    if (error instanceof URIError) return problem(400, "The path is not valid percent-encoding.");
    return problem(500, error instanceof Error ? error.message : String(error));
  }
}

function segments(url: string): readonly string[] {
  const path = url.split("?")[0] ?? "";
  return path
    .split("/")
    .filter((part) => part !== "")
    .map(decodeURIComponent);
}

/** `null` when it is too large. */
async function readBody(request: IncomingMessage): Promise<string | null> {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) {
      sizeBytes += chunk.length;
      if (sizeBytes > BODY_MAX_BYTES) return null;
      chunks.push(chunk);
    }
  } catch {
    // The client went away: nobody reads the answer.
  }
  return Buffer.concat(chunks).toString();
}

function send(response: ServerResponse, { status, body, allow }: ControlReply): void {
  response.writeHead(status, {
    "content-type": status >= 400 ? "application/problem+json" : "application/json",
    ...(allow === undefined ? {} : { allow: allow.join(", ") }),
    ...(status === 401 ? { "www-authenticate": "Bearer" } : {}),
  });
  response.end(body === undefined ? "" : `${JSON.stringify(body)}\n`);
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, HOST, resolve);
  });
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
