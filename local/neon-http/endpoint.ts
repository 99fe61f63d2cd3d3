/**
 * @module
 * Neon's `/sql` endpoint over a SqlDatabase: takes one request, lets faults have their way with it, and
 * answers as Neon's proxy does (proxy/src/serverless).
 *
 * Invariants:
 *
 * 1. Every body is JSON, and nothing that a client sends makes it throw.
 * 2. A client that goes away while its request waits or runs gives it up; one that was gone before its
 *    request was applied (a fault delayed it) does not: that is what a slow network does to a write.
 */
import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { type HttpReply, refuseConnection, replyWithFaults, send } from "../faults/apply.ts";
import type { FaultEngine } from "../faults/engine.ts";
import { refusalOf } from "./connection-string.ts";
import type { SqlDatabase } from "./database.ts";
import { ElementTypes } from "./element-types.ts";
import { ArrayTextError } from "./json-values.ts";
import { labelOf, type Payload, PayloadError, readPayload } from "./payload.ts";
import { ownError } from "./postgres-error.ts";
import { errorReply, proxyError, refusalReply, resultReply } from "./reply.ts";
import { REQUEST_MAX_BYTES, readBody } from "./request-body.ts";

export interface EndpointOptions {
  readonly database: SqlDatabase;
  /** What the connection string must carry. */
  readonly password: string;
  readonly faults?: FaultEngine | undefined;
  /** The name under which faults aim at it. */
  readonly target: string;
}

export interface EndpointCounters {
  /** Requests that were read and allowed, whatever a fault did to them. */
  readonly requests: number;
  /** Statements given to the database; those of a duplicate count again. */
  readonly statements: number;
}

const PREFLIGHT: HttpReply = {
  status: 200,
  headers: {
    allow: "OPTIONS, POST",
    "access-control-allow-origin": "*",
    "access-control-allow-headers":
      "Authorization, Neon-Connection-String, Neon-Raw-Text-Output, Neon-Array-Mode, Neon-Pool-Opt-In, Neon-Batch-Read-Only, Neon-Batch-Isolation-Level",
    "access-control-max-age": "86400",
  },
  body: "",
};

const NOT_SUPPORTED: HttpReply = {
  status: 400,
  headers: { "content-type": "application/json" },
  body: JSON.stringify("query is not supported"),
};

/** Told back on the reply to a batch. */
const BATCH_HEADERS = [
  "neon-batch-isolation-level",
  "neon-batch-read-only",
  "neon-batch-deferrable",
] as const;

export class SqlEndpoint {
  readonly #options: EndpointOptions;
  readonly #elementTypes: ElementTypes;
  readonly #closing = new AbortController();
  counters: EndpointCounters = { requests: 0, statements: 0 };

  constructor(options: EndpointOptions) {
    this.#options = options;
    this.#elementTypes = new ElementTypes(options.database);
  }

  resetCounters(): void {
    this.counters = { requests: 0, statements: 0 };
  }

  /** Lets go of requests that a fault holds. */
  close(): void {
    this.#closing.abort();
  }

  /** Always resolves. */
  async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    response.setHeader("neon-request-id", randomUUID());
    const isSql = request.url?.split("?")[0] === "/sql";
    if (isSql && request.method === "POST") {
      await this.#answerSql(request, response);
      return;
    }
    request.resume();
    send(response, isSql && request.method === "OPTIONS" ? PREFLIGHT : NOT_SUPPORTED);
  }

  async #answerSql(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { faults, target } = this.#options;
    if (refuseConnection(faults, target, request)) return;
    const payload = await this.#read(request);
    if (payload === null) return;
    if ("status" in payload) {
      send(response, payload);
      return;
    }
    this.counters = { ...this.counters, requests: this.counters.requests + 1 };
    await replyWithFaults({
      faults,
      target,
      label: labelOf(payload.request),
      request,
      response,
      closing: this.#closing.signal,
      apply: () => this.#apply(payload, request, response),
      storeError: injectedError,
    });
  }

  /** The payload, or the reply that refuses it; `null` when the client has gone. */
  async #read(request: IncomingMessage): Promise<Payload | HttpReply | null> {
    const body = await readBody(request);
    if (body.kind === "broken") return null;
    const { authorization, "neon-connection-string": connectionString } = request.headers;
    const refusal = refusalOf(
      { connectionString: connectionString?.toString(), authorization },
      this.#options.password,
    );
    if (refusal !== null) return proxyError(400, refusal);
    if (body.kind === "too-large") {
      return proxyError(413, `request is too large (max is ${REQUEST_MAX_BYTES} bytes)`);
    }
    try {
      return readPayload(body.text, request.headers);
    } catch (error) {
      return error instanceof PayloadError ? proxyError(400, error.message) : internalError(error);
    }
  }

  /** Never rejects. */
  async #apply(
    { request: sql, shapes }: Payload,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<HttpReply> {
    const statements = this.counters.statements + shapes.length;
    this.counters = { ...this.counters, statements };
    const client = new AbortController();
    const onClose = () => client.abort();
    if (!response.destroyed) response.once("close", onClose);
    try {
      const outcome = await this.#options.database.run(sql, client.signal);
      if (outcome.kind !== "done") return refusalReply(outcome);
      const isRaw = shapes.every(({ isRawText }) => isRawText);
      const elementTypeOf = isRaw ? () => null : await this.#elementTypes.of(outcome.results);
      const isBatch = sql.kind === "transaction";
      const reply = resultReply(outcome.results, shapes, { isBatch, elementTypeOf });
      return isBatch ? { ...reply, headers: { ...reply.headers, ...told(request) } } : reply;
    } catch (error) {
      return internalError(error);
    } finally {
      response.off("close", onClose);
    }
  }
}

function told({ headers }: IncomingMessage): Record<string, string> {
  return Object.fromEntries(
    BATCH_HEADERS.flatMap((name) => {
      const value = headers[name];
      const isTold = name === "neon-batch-isolation-level" ? value !== undefined : value === "true";
      return isTold ? [[name, String(value)]] : [];
    }),
  );
}

function internalError(error: unknown): HttpReply {
  if (error instanceof ArrayTextError) return proxyError(500, "could not parse postgres response");
  return proxyError(500, error instanceof Error ? error.message : "internal error");
}

/**
 * A message such as `40001 could not serialize access` carries a SQLSTATE; any other is an error of the
 * proxy, without one.
 */
function injectedError(status: number, message: string): HttpReply {
  const coded = /^((?=\w*\d)[0-9A-Z]{5}) (.+)$/s.exec(message);
  const [, code, text] = coded ?? [];
  if (code === undefined || text === undefined) return proxyError(status, message);
  return errorReply(status, ownError(code, text));
}
