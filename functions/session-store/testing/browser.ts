/**
 * @module
 * A browser as far as sessions go: it keeps the cookie it is given, and says where a call comes from.
 */
import { checkDeclared } from "../../http/testing/declared.ts";
import { sessionStoreRoutes } from "../routes.ts";

export interface Service {
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>;
  readonly origin: string;
  readonly key: string;
}

export interface CallOptions {
  /** A text is sent as it is. */
  readonly body?: unknown;
  /** An empty one is left out. */
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Answer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
  readonly headers: Headers;
}

export interface Browser {
  /** `name=text`, or empty. */
  cookie: string;
  /** Sends it, and sees to it that the reply is one that the endpoint declares. */
  call(method: string, path: string, options?: CallOptions): Promise<Answer>;
  /** Begins a session as a backend does, and keeps its cookie. */
  signIn(userId: string, more?: object, headers?: Record<string, string>): Promise<Answer>;
}

export function openBrowser({ fetch, origin, key }: Service): Browser {
  const browser: Browser = {
    cookie: "",
    async call(method, path, { body, headers: own = {} } = {}) {
      const headers = new Headers({ Origin: origin, Cookie: browser.cookie });
      if (body !== undefined) headers.set("Content-Type", "application/json");
      for (const [name, value] of Object.entries(own)) headers.set(name, value);
      for (const [name, value] of [...headers]) if (value === "") headers.delete(name);
      const reply = await fetch(`${origin}/session-store${path}`, {
        method,
        headers,
        ...(body === undefined
          ? {}
          : { body: typeof body === "string" ? body : JSON.stringify(body) }),
      });
      const text = await reply.text();
      const said: unknown = text === "" ? null : JSON.parse(text);
      const { status } = reply;
      checkDeclared(sessionStoreRoutes.routes, { method, path, status, body: said });
      checkOutcome(method, status, said);
      const [cookie] = reply.headers.getSetCookie();
      if (cookie !== undefined) browser.cookie = keptOf(cookie);
      return { status: reply.status, body: Object(said), headers: reply.headers };
    },
    signIn: (userId, more = {}, headers = {}) =>
      browser.call("POST", "/sessions", {
        body: { userId, ...more },
        headers: { Authorization: `Bearer ${key}`, Origin: "", Cookie: "", ...headers },
      }),
  };
  return browser;
}

/** Throws when a write that failed does not say what became of it. */
function checkOutcome(method: string, status: number, said: unknown): void {
  const needsIt = [409, 412, 421, 423].includes(status) || status >= 500;
  if (method === "GET" || !needsIt || Object(said).outcome !== undefined) return;
  throw new Error(`${method} was answered ${status} without an outcome`);
}

/** What is kept of a `Set-Cookie`: nothing of one that is to be forgotten. */
function keptOf(setCookie: string): string {
  const [pair = ""] = setCookie.split(";");
  return setCookie.includes("Max-Age=0;") ? "" : pair;
}
