/**
 * @module
 * The whole shell around routes of a test's own, called in this isolate without a socket.
 */
import type { Hono } from "hono";
import { createApp } from "../../app.ts";
import { createDepsFor } from "../../deps.ts";
import type { AppEnv } from "../app-env.ts";
import { ProblemSchema } from "../openapi/replies.ts";

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The problem's code; throws when the reply is no well-formed problem. */
  readonly code: string;
  json(): unknown;
}

export interface Shell {
  /** `path` may be a whole URL. Carries the key unless `headers` has another Authorization, or an empty one. */
  call(path: string, init?: RequestInit & { readonly headers?: HeadersInit }): Promise<Answer>;
  /** Work that replies left behind. */
  readonly works: Promise<unknown>[];
}

export interface ShellOptions {
  readonly env: Env;
  readonly key: string;
  readonly routes?: Hono<AppEnv>;
  /** Bindings that differ from those of the test Worker; an empty one is as good as none. */
  readonly bindings?: Readonly<Record<string, string>>;
}

/** `routes` are mounted at `/t`. */
export function startShell({ env, key, routes, bindings = {} }: ShellOptions): Shell {
  const app = createApp(createDepsFor());
  if (routes !== undefined) app.route("/t", routes);
  const bound: Env = { ...env, ...bindings };
  const works: Promise<unknown>[] = [];
  const context = {
    waitUntil: (work: Promise<unknown>) => works.push(work),
    passThroughOnException: () => undefined,
    props: {},
  } as unknown as ExecutionContext;
  return {
    works,
    async call(path, init = {}) {
      const headers = new Headers(init.headers);
      if (!headers.has("Authorization")) headers.set("Authorization", `Bearer ${key}`);
      if (headers.get("Authorization") === "") headers.delete("Authorization");
      const request = new Request(new URL(path, "http://shell.test"), { ...init, headers });
      return answerOf(await app.fetch(request, bound, context));
    },
  };
}

async function answerOf(response: Response): Promise<Answer> {
  const text = await response.text();
  const json = () => JSON.parse(text) as unknown;
  return {
    status: response.status,
    headers: response.headers,
    text,
    json,
    get code() {
      if (response.headers.get("Content-Type") !== "application/problem+json") {
        throw new Error(`no problem: ${response.status} ${text}`);
      }
      const problem = ProblemSchema.strict().parse(json());
      if (problem.status !== response.status) throw new Error("the problem has another status");
      return problem.code;
    },
  };
}
