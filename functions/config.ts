/**
 * @module
 * The deployment's configuration, read once per isolate. Values arrive as text bindings; each is checked
 * here, and one that is missing or malformed is named, so that a caller is told what to set.
 */
import * as z from "zod";
import { SCOPES } from "./http/auth.ts";

const Id = z.string().regex(/^[A-Za-z0-9._~:@-]{1,128}$/);

const ApiKeys = z.array(
  z.strictObject({
    id: Id,
    sha256: z.string().regex(/^[0-9a-f]{64}$/),
    tenant: Id,
    scopes: z.array(z.enum(SCOPES)).min(1),
  }),
);

const Database = z.object({ id: Id, url: z.url(), token: z.string().min(1) });

const RedisNodes = z.array(Database.extend({ role: z.enum(["voter", "spare"]) })).min(1);

const RedisShards = z
  .array(z.object({ id: Id, primary: Database, replicas: z.array(Database) }))
  .min(1);

export interface Config {
  readonly instance: string;
  readonly apiKeys: z.output<typeof ApiKeys> | null;
  readonly redis: { readonly url: string; readonly token: string } | null;
  readonly redisNodes: z.output<typeof RedisNodes> | null;
  readonly redisShards: z.output<typeof RedisShards> | null;
  readonly databaseUrl: string | null;
  readonly corsOrigins: readonly string[];
  /** What to tell a caller about a binding that is missing or malformed. */
  readonly missing: { readonly apiKeys: string; readonly redis: string; readonly postgres: string };
}

/** True when the patterns that spread over nodes live in one database and survive no node. */
export function isSingleDatabase(config: Config): boolean {
  return config.redisNodes === null || config.redisShards === null;
}

export function readConfig(env: Readonly<Record<string, unknown>>): Config {
  const url = text(env, "UPSTASH_REDIS_REST_URL");
  const token = text(env, "UPSTASH_REDIS_REST_TOKEN");
  return {
    instance: text(env, "INSTANCE") ?? "main",
    apiKeys: json(env, "API_KEYS", ApiKeys),
    redis: url === null || token === null ? null : { url, token },
    redisNodes: json(env, "REDIS_NODES", RedisNodes),
    redisShards: json(env, "REDIS_SHARDS", RedisShards),
    databaseUrl: text(env, "DATABASE_URL"),
    corsOrigins: (text(env, "CORS_ORIGINS") ?? "").split(/[\s,]+/).filter((o) => o !== ""),
    missing: {
      apiKeys: text(env, "API_KEYS") === null ? "API_KEYS" : "API_KEYS (it is malformed, so it)",
      redis: url === null ? "UPSTASH_REDIS_REST_URL" : "UPSTASH_REDIS_REST_TOKEN",
      postgres: "DATABASE_URL",
    },
  };
}

function text(env: Readonly<Record<string, unknown>>, name: string): string | null {
  const value = env[name];
  return typeof value === "string" && value.trim() !== "" ? value.trim() : null;
}

/** Null when the binding is unset or malformed. */
function json<Value>(
  env: Readonly<Record<string, unknown>>,
  name: string,
  schema: z.ZodType<Value>,
): Value | null {
  const value = text(env, name);
  if (value === null) return null;
  try {
    return schema.parse(JSON.parse(value));
  } catch {
    return null;
  }
}
