/**
 * @module
 * SUBSCRIBE, PSUBSCRIBE and MONITOR as server-sent events, each over a RESP connection of its own.
 *
 * 1. Headers leave at once, before anything has happened.
 * 2. Text is never base64, whatever the request asks for.
 * 3. The connection ends with its client, and its client with the connection: nobody waits at a
 *    stream that has died.
 */
import type { ServerResponse } from "node:http";
import type { Redis } from "ioredis";
import type { Arg } from "./command.ts";
import type { StreamKind } from "./request.ts";
import type { Store } from "./store.ts";

/** A reader slower than this much behind is cut off. */
const STREAM_BEHIND_MAX_BYTES = 8 * 1024 * 1024;

export interface EventStreamOptions {
  readonly kind: StreamKind;
  /** Channels or patterns; none for MONITOR. */
  readonly names: readonly Arg[];
  readonly store: Store;
  readonly response: ServerResponse;
  readonly headers: Readonly<Record<string, string>>;
}

/** Resolves when the stream has ended, however it ended. Requires that the store is ready. */
export async function serveEventStream(options: EventStreamOptions): Promise<void> {
  const { kind, names, store, response, headers } = options;
  response.writeHead(200, {
    ...headers,
    "content-type": "text/event-stream",
    "cache-control": "no-cache",
  });
  response.flushHeaders();
  const closed = new Promise<void>((resolve) => response.once("close", () => resolve()));
  let redis: Redis | null = null;
  try {
    redis = await store.dedicated();
    redis.once("end", () => response.end());
    if (kind === "MONITOR") monitor(redis, response);
    else await subscribe(redis, kind, names, response);
    if (!response.destroyed) await closed;
  } catch {
    response.end();
  } finally {
    redis?.disconnect();
  }
}

async function subscribe(
  redis: Redis,
  kind: "SUBSCRIBE" | "PSUBSCRIBE",
  names: readonly Arg[],
  response: ServerResponse,
): Promise<void> {
  redis.on("messageBuffer", (channel: Buffer, text: Buffer) =>
    write(response, `message,${channel},${text}`),
  );
  redis.on("pmessageBuffer", (pattern: string, channel: Buffer, text: Buffer) =>
    write(response, `pmessage,${pattern},${channel},${text}`),
  );
  for (const name of names) {
    const count = await (kind === "SUBSCRIBE"
      ? redis.subscribe(name)
      : redis.psubscribe(`${name}`));
    write(response, `${kind.toLowerCase()},${name},${count}`);
  }
}

/** The lines are passed on as Redis writes them: their arguments are already escaped. */
function monitor(redis: Redis, response: ServerResponse): void {
  const { stream } = redis;
  let rest = "";
  stream.removeAllListeners("data");
  stream.on("data", (chunk: Buffer) => {
    const lines = (rest + chunk.toString("latin1")).split("\r\n");
    rest = lines.pop() ?? "";
    for (const line of lines) write(response, line === "+OK" ? '"OK"' : line.slice(1));
  });
  stream.write("MONITOR\r\n");
}

function write(response: ServerResponse, event: string): void {
  if (response.destroyed || response.writableEnded) return;
  if (response.writableLength > STREAM_BEHIND_MAX_BYTES) response.destroy();
  else response.write(`data: ${event.replaceAll("\n", "\ndata: ")}\n\n`);
}
