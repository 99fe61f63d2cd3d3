/**
 * @module
 * The service as a journey sees it: one call sends one request and gives back what was answered.
 * Bodies are parsed defensively, because a reply that is not what it claims is a finding, not a crash.
 */
import { sleep } from "k6";
import http, { type Params, type RefinedResponse } from "k6/http";

/** Longer than any deadline the service accepts, so that a late answer is recorded as what it is. */
const REQUEST_TIMEOUT = "15s";

/** Requests that `sendAll` keeps in flight. */
const BATCH_SIZE = 20;

/** How often `sendAll` sends a call again to a service that is busy, and how long it waits each time. */
const RETRIES_MAX = 6;
const RETRY_PAUSE_S = 0.5;
/** The longest that a request may ask the service to keep trying. */
const PATIENT_DEADLINE_MS = "10000";

/** No answer, rate limited, unavailable, out of time: says nothing about what is stored. */
const BUSY_STATUSES: readonly number[] = [0, 429, 503, 504];

export interface Call {
  readonly method: "GET" | "PUT" | "POST" | "PATCH" | "DELETE";
  /** Path and query, beginning with `/`. */
  readonly path: string;
  readonly body?: unknown;
  readonly idempotencyKey?: string;
  /** `name=value`: the call then comes as from a browser, with this instead of the key. */
  readonly cookie?: string;
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
  /** One request, sent once. The load consists of these. */
  send(call: Call): Reply;
  /**
   * For setup and verification, which are not measured: sends all calls, at most `BATCH_SIZE` at a time, and
   * those that found the service busy again. Writes among them must be safe to repeat. Replies are in the
   * order of the calls.
   */
  sendAll(calls: readonly Call[]): Reply[];
}

export function client(baseUrl: string, apiKey: string): Client {
  return {
    send(call) {
      const { method, url, body, params } = request(baseUrl, apiKey, call);
      return reply(http.request(method, url, body, params));
    },
    sendAll: (calls) => patiently(calls, (part) => batch(baseUrl, apiKey, part)),
  };
}

function patiently(calls: readonly Call[], send: (calls: readonly Call[]) => Reply[]): Reply[] {
  const replies = send(calls);
  for (let retry = 1; retry <= RETRIES_MAX; retry += 1) {
    const places = [...replies.keys()].filter((place) => isBusy(replies[place]));
    if (places.length === 0) break;
    sleep(RETRY_PAUSE_S * retry);
    const again = send(places.flatMap((place) => calls[place] ?? []));
    for (const [at, place] of places.entries()) {
      const answer = again[at];
      if (answer) replies[place] = answer;
    }
  }
  return replies;
}

const isBusy = (reply: Reply | undefined): boolean =>
  reply !== undefined && BUSY_STATUSES.includes(reply.status);

function batch(baseUrl: string, apiKey: string, calls: readonly Call[]): Reply[] {
  const replies: Reply[] = [];
  for (let from = 0; from < calls.length; from += BATCH_SIZE) {
    const requests = calls.slice(from, from + BATCH_SIZE).map((call) => {
      const prepared = request(baseUrl, apiKey, call);
      const headers = { ...prepared.params.headers, "Kv-Deadline-Ms": PATIENT_DEADLINE_MS };
      return { ...prepared, params: { ...prepared.params, headers } };
    });
    for (const answer of Object.values(http.batch(requests))) replies.push(reply(answer));
  }
  return replies;
}

function request(baseUrl: string, apiKey: string, call: Call) {
  const headers: Record<string, string> =
    call.cookie === undefined
      ? { Authorization: `Bearer ${apiKey}` }
      : { Cookie: call.cookie, Origin: originOf(baseUrl) };
  if (call.body !== undefined) headers["Content-Type"] = "application/json";
  if (call.idempotencyKey !== undefined) headers["Idempotency-Key"] = call.idempotencyKey;
  const params: Params = { headers, timeout: REQUEST_TIMEOUT, responseType: "text" };
  // A jar of its own: k6 would add the cookies that other replies have set.
  params.jar = new http.CookieJar();
  return {
    method: call.method,
    url: baseUrl + call.path,
    body: call.body === undefined ? null : JSON.stringify(call.body),
    params,
  };
}

function originOf(url: string): string {
  return /^[a-z]+:\/\/[^/]+/.exec(url)?.[0] ?? url;
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
