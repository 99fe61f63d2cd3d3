/**
 * @module
 * The service as a journey sees it: one call sends one request and gives back what was answered.
 * Bodies are parsed defensively, because a reply that is not what it claims is a finding, not a crash.
 */
import http, { type Params, type RefinedResponse } from "k6/http";

/** Longer than any deadline the service accepts, so that a late answer is recorded as what it is. */
const REQUEST_TIMEOUT = "15s";

/** Requests that `sendAll` keeps in flight. */
const BATCH_SIZE = 20;

export interface Call {
  readonly method: "GET" | "PUT" | "POST" | "DELETE";
  /** Path and query, beginning with `/`. */
  readonly path: string;
  readonly body?: unknown;
  readonly idempotencyKey?: string;
}

export interface Reply {
  readonly status: number;
  readonly text: string;
  /** k6's code of a failed exchange (1000 and up), 0 for none. */
  readonly errorCode: number;
  /** Sending + waiting + receiving, in milliseconds. */
  readonly durationMs: number;
  header(name: string): string | null;
  /** The body as an object, or `null` when it is not JSON. */
  json(): unknown;
}

export interface Client {
  send(call: Call): Reply;
  /** Sends all calls, at most `BATCH_SIZE` at a time; replies in the order of the calls. */
  sendAll(calls: readonly Call[]): Reply[];
}

export function client(baseUrl: string, apiKey: string): Client {
  return {
    send(call) {
      const { method, url, body, params } = request(baseUrl, apiKey, call);
      return reply(http.request(method, url, body, params));
    },
    sendAll(calls) {
      const replies: Reply[] = [];
      for (let from = 0; from < calls.length; from += BATCH_SIZE) {
        const part = calls.slice(from, from + BATCH_SIZE);
        const answers = http.batch(part.map((call) => request(baseUrl, apiKey, call)));
        for (const answer of Object.values(answers)) replies.push(reply(answer));
      }
      return replies;
    },
  };
}

function request(baseUrl: string, apiKey: string, call: Call) {
  const headers: Record<string, string> = { Authorization: `Bearer ${apiKey}` };
  if (call.body !== undefined) headers["Content-Type"] = "application/json";
  if (call.idempotencyKey !== undefined) headers["Idempotency-Key"] = call.idempotencyKey;
  const params: Params = { headers, timeout: REQUEST_TIMEOUT, responseType: "text" };
  return {
    method: call.method,
    url: baseUrl + call.path,
    body: call.body === undefined ? null : JSON.stringify(call.body),
    params,
  };
}

function reply(response: RefinedResponse<"text">): Reply {
  return {
    status: response.status,
    text: typeof response.body === "string" ? response.body : "",
    errorCode: response.error_code,
    durationMs: response.timings.duration,
    // Header names arrive in Go's canonical form: `Kv-Cost`, `Etag`.
    header: (name) => response.headers[name] ?? null,
    json() {
      try {
        return JSON.parse(typeof response.body === "string" ? response.body : "");
      } catch {
        return null;
      }
    },
  };
}
