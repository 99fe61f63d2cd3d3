/**
 * @module
 * Stores that every test file may use, started once per run. Names a test writes must be its own: the
 * stores are shared, and nobody empties them between files.
 */
import { createHash } from "node:crypto";
import type { TestProject } from "vitest/node";
import { startTestPostgres, startTestRedis } from "./stores.ts";

/** The key that the Worker under test accepts, with every scope, for the tenant `test`. */
const API_KEY = "test-key";

/** Empty is unset. Without them the Worker under test would read those of a stack that runs, in `.dev.vars`. */
const UNSET = { REDIS_NODES: "", REDIS_SHARDS: "", CORS_ORIGINS: "", SESSION_ORIGINS: "" };

/** The secrets that the Worker under test signs session cookies with, newest first. */
const SESSION_SECRETS = { new: "n".repeat(32), old: "o".repeat(32) };

/** vitest runs the function it finds under the name `setup`, and what it returns at the end. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const [redis, postgres] = await Promise.all([startTestRedis(), startTestPostgres()]);
  const apiKeys = [
    {
      id: "test",
      sha256: createHash("sha256").update(API_KEY).digest("hex"),
      tenant: "test",
      scopes: ["read", "write", "admin"],
    },
  ];
  project.provide("redis", { url: redis.url, token: redis.token, port: redis.port });
  project.provide("postgres", { databaseUrl: postgres.databaseUrl });
  project.provide("apiKey", API_KEY);
  project.provide("workerBindings", {
    INSTANCE: "test",
    UPSTASH_REDIS_REST_URL: redis.url,
    UPSTASH_REDIS_REST_TOKEN: redis.token,
    DATABASE_URL: postgres.databaseUrl,
    API_KEYS: JSON.stringify(apiKeys),
    SESSION_SECRETS: JSON.stringify(SESSION_SECRETS),
    ...UNSET,
  });
  return async () => {
    await Promise.all([redis.stop(), postgres.stop()]);
  };
}
