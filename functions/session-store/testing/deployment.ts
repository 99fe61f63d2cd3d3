/**
 * @module
 * The whole Worker in this process, over a Redis that the test has for itself.
 */
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js";
import { createApp } from "../../app.ts";
import { createDepsFor } from "../../deps.ts";
import type { Service } from "./browser.ts";

export const INSTANCE = "deployed";
const TENANT = "test";
export const SECRET = { kid: "k1", secret: "s".repeat(32) };

const KEY = "key";
const CONTEXT = {
  waitUntil: () => undefined,
  passThroughOnException: () => undefined,
  props: {},
} as unknown as ExecutionContext;

/** A fresh isolate: its clients and breakers are its own. */
export function deployed(redis: { readonly url: string; readonly token: string }): Service {
  const app = createApp(createDepsFor());
  const env = {
    INSTANCE,
    UPSTASH_REDIS_REST_URL: redis.url,
    UPSTASH_REDIS_REST_TOKEN: redis.token,
    API_KEYS: JSON.stringify([
      { id: "k", sha256: bytesToHex(sha256(utf8ToBytes(KEY))), tenant: TENANT, scopes: ["write"] },
    ]),
    SESSION_SECRETS: JSON.stringify({ [SECRET.kid]: SECRET.secret }),
  } as unknown as Env;
  return {
    fetch: async (url, init) => await app.fetch(new Request(url, init), env, CONTEXT),
    origin: "https://sessions.test",
    key: KEY,
  };
}
