/**
 * @module
 * One node's HTTP face: reads a request, checks its token, lets faults have their way, answers.
 *
 * 1. Every error body is JSON; nothing reaches the store before the token was checked.
 * 2. `upstash-sync-token` is new with each answer. Any token sent is accepted: one redis-server serves
 *    a node, so a client always reads its own writes there.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { type HttpReply, refuseConnection, replyWithFaults, send } from "../faults/apply.ts";
import type { FaultEngine } from "../faults/engine.ts";
import { answer, refuse, storeFailure } from "./answer.ts";
import { BODY_MAX_BYTES, readBody } from "./body.ts";
import { serveEventStream } from "./event-stream.ts";
import { type Counters, Executor } from "./executor.ts";
import { parseTarget } from "./path-command.ts";
import { RawExecutor } from "./raw-executor.ts";
import type { Access } from "./refusal.ts";
import { errorJson } from "./reply.ts";
import { labelOf, METHODS, readFormat, readToken, readWork, type Work } from "./request.ts";
import type { Store } from "./store.ts";

/** Longer than any client keeps an idle connection, so that no request meets a closing one. */
const KEEP_ALIVE_MS = 120_000;
const CONNECTIONS_MAX = 10_000;
const EVENT_STREAMS_MAX = 1_000;

const UNAUTHORIZED =
  "WRONGPASS invalid or missing auth token. See https://docs.upstash.com/redis/troubleshooting/http_unauthorized for details.";

const NOT_HTTP = [
  "HTTP/1.1 400 Bad Request",
  "content-type: application/json; charset=utf-8",
  "connection: close",
  "",
  errorJson("ERR this is not an HTTP/1.1 request"),
].join("\r\n");

export interface NodeServerOptions {
  readonly id: string;
  readonly store: Store;
  readonly token: string;
  readonly readOnlyToken?: string;
  readonly faults?: FaultEngine;
}

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

export class NodeServer {
  readonly #options: NodeServerOptions;
  readonly #executor: Executor;
  readonly #raw: RawExecutor;
  readonly #counters: Counters = { requests: 0, commands: 0, scripts: 0 };
  readonly #closing = new AbortController();
  readonly #server: Server;
  readonly #syncTokenEpoch = Date.now().toString(36);
  #syncTokens = 0;
  #eventStreams = 0;

  constructor(options: NodeServerOptions) {
    this.#options = options;
    this.#executor = new Executor(options.store, this.#counters);
    this.#raw = new RawExecutor(options.store, this.#executor);
    // A command in the path may be as long as one in a body.
    const limits = { keepAliveTimeout: KEEP_ALIVE_MS, maxHeaderSize: BODY_MAX_BYTES };
    this.#server = createServer(limits, (request, response) => {
      this.#handle({ request, response }).catch((error: unknown) => {
        console.error("redis-http failed inside:", error);
        send(
          response,
          this.#signed(refuse(500, "ERR redis-http failed; its log says why"), request),
        );
      });
    });
    this.#server.maxConnections = CONNECTIONS_MAX;
    this.#server.on("clientError", (_error, socket) => {
      if (socket.writable) socket.end(NOT_HTTP);
    });
  }

  /** Resolves to the port; 0 asks for a free one. Rejects when it is in use. */
  listen(port: number, host: string): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#server.once("error", reject);
      this.#server.listen(port, host, () => {
        this.#server.off("error", reject);
        const address = this.#server.address();
        resolve(typeof address === "object" && address !== null ? address.port : port);
      });
    });
  }

  counters(): Readonly<Counters> {
    return { ...this.#counters };
  }

  resetCounters(): void {
    Object.assign(this.#counters, { requests: 0, commands: 0, scripts: 0 });
  }

  close(): Promise<void> {
    this.#closing.abort();
    this.#raw.close();
    // In this order: a connection that is accepted in between would keep the server open.
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeAllConnections();
    return closed;
  }

  async #handle(exchange: Exchange): Promise<void> {
    const { request, response } = exchange;
    this.#counters.requests += 1;
    if (refuseConnection(this.#options.faults, this.#options.id, request)) return;
    if (request.method === "OPTIONS") return this.#preflight(exchange);
    const body = await readBody(request);
    if (body.kind === "cut-off") return;
    const target = parseTarget(request.url ?? "/");
    const refusal = (status: number, error: string) =>
      send(response, this.#signed(refuse(status, error), request));
    if (body.kind === "too-large") {
      const sizes = `Limit: ${BODY_MAX_BYTES} bytes, Actual: ${body.sizeBytes} bytes`;
      return refusal(413, `ERR max request size exceeded. ${sizes}`);
    }
    if (!METHODS.includes(request.method ?? "")) {
      return refusal(405, `ERR method not allowed: use ${METHODS.join(", ")}`);
    }
    if (target === null) return refusal(400, "ERR the URL has broken percent-encoding");
    const access = this.#access(readToken(target, request.headers));
    if (access === null) return refusal(401, UNAUTHORIZED);
    const work = readWork(target, request.headers, body.bytes);
    if (work.kind === "bad") return refusal(400, work.error);
    const format = readFormat(request.headers, work.value);
    if (format.kind === "bad") return refusal(400, format.error);
    if (work.value.kind === "stream") return this.#stream(work.value, access, exchange);
    const asked = { work: work.value, format: format.value, access };
    await replyWithFaults({
      faults: this.#options.faults,
      target: this.#options.id,
      label: labelOf(work.value),
      request,
      response,
      closing: this.#closing.signal,
      apply: async () => this.#signed(await answer(asked, this.#executor, this.#raw), request),
      storeError: (status, message) => this.#signed(refuse(status, message), request),
    });
  }

  async #stream(
    { stream, names }: Extract<Work, { kind: "stream" }>,
    access: Access,
    { request, response }: Exchange,
  ): Promise<void> {
    const { store } = this.#options;
    const refusal = (reply: HttpReply) => send(response, this.#signed(reply, request));
    if (access.readOnly && stream === "MONITOR") {
      const who = "NOPERM this user has no permissions to run the 'monitor' command";
      return refusal(refuse(400, `${who} or its subcommand`));
    }
    if (!store.isReady)
      return refusal(storeFailure("down", "the Redis of this node is unreachable"));
    if (this.#eventStreams >= EVENT_STREAMS_MAX) {
      return refusal(refuse(503, `ERR at most ${EVENT_STREAMS_MAX} event streams at once`));
    }
    this.#eventStreams += 1;
    const headers = corsHeaders(request);
    await serveEventStream({ kind: stream, names, store, response, headers });
    this.#eventStreams -= 1;
  }

  #access(token: string | null): Access | null {
    if (token === this.#options.token) return { readOnly: false };
    if (token !== null && token === this.#options.readOnlyToken) return { readOnly: true };
    return null;
  }

  #signed(reply: HttpReply, request: IncomingMessage): HttpReply {
    this.#syncTokens += 1;
    const token = `${this.#syncTokenEpoch}.${this.#syncTokens.toString(36)}`;
    const headers = { ...reply.headers, ...corsHeaders(request), "upstash-sync-token": token };
    return { ...reply, headers };
  }

  #preflight({ request, response }: Exchange): void {
    const headers = {
      ...corsHeaders(request),
      "access-control-allow-methods": METHODS.join(", "),
      "access-control-allow-headers": request.headers["access-control-request-headers"] ?? "*",
    };
    send(response, { status: 200, headers, body: "" });
  }
}

function corsHeaders({ headers }: IncomingMessage): Readonly<Record<string, string>> {
  return headers.origin === undefined ? {} : { "access-control-allow-origin": headers.origin };
}
