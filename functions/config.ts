/**
 * @module
 * The deployment's configuration, read once per isolate. Values arrive as bindings; each is checked here,
 * and one that is missing or malformed is named, so that a caller is told what to set.
 *
 * Invariants:
 *
 * 1. A binding that is set but malformed never counts as unset: nothing falls back to another store.
 * 2. What is said about a malformed binding names the place in it and the rule, never what it holds.
 * 3. Unknown fields are ignored, so that an older Worker can be rolled back to under newer secrets. Every
 *    known field is required, so that a misspelt one is still noticed.
 */
import type * as z from "zod";
import {
  ApiKeys,
  Database,
  DatabaseUrl,
  Instance,
  Origins,
  RedisNodes,
  RedisShards,
  SessionOrigins,
  SessionSecrets,
} from "./config-schema.ts";

const INSTANCE_DEFAULT = "main";

/** What a deployment survives: `replicated` needs both REDIS_NODES and REDIS_SHARDS. */
export type Durability = "replicated" | "single-database";

export interface Config {
  /** Prefix of every store key. */
  readonly instance: string;
  readonly apiKeys: z.output<typeof ApiKeys> | null;
  readonly redis: z.output<typeof Database> | null;
  readonly redisNodes: z.output<typeof RedisNodes> | null;
  readonly redisShards: z.output<typeof RedisShards> | null;
  readonly databaseUrl: string | null;
  /** Origins of browsers that may call; `*` is any. */
  readonly corsOrigins: readonly string[];
  /** Secrets that sign session cookies, newest first. */
  readonly sessionSecrets: z.output<typeof SessionSecrets> | null;
  /** Origins of browsers that may call with a session cookie, beside the service's own. */
  readonly sessionOrigins: readonly string[];
  readonly durability: Durability;
  readonly faults: ConfigFaults;
}

/** For each part that cannot be used, a sentence that says why; null where it can, or need not be set. */
export interface ConfigFaults {
  readonly instance: string | null;
  readonly apiKeys: string | null;
  readonly redis: string | null;
  readonly redisNodes: string | null;
  readonly redisShards: string | null;
  readonly postgres: string | null;
  readonly corsOrigins: string | null;
  readonly sessionSecrets: string | null;
  readonly sessionOrigins: string | null;
}

type Bindings = Readonly<Record<string, unknown>>;

export function readConfig(env: Bindings): Config {
  const instance = textSetting(env, "INSTANCE", Instance);
  const apiKeys = jsonSetting(env, "API_KEYS", ApiKeys);
  const redisUrl = textSetting(env, "UPSTASH_REDIS_REST_URL", Database.shape.url);
  const redisToken = textSetting(env, "UPSTASH_REDIS_REST_TOKEN", Database.shape.token);
  const redisNodes = jsonSetting(env, "REDIS_NODES", RedisNodes);
  const redisShards = jsonSetting(env, "REDIS_SHARDS", RedisShards);
  const databaseUrl = textSetting(env, "DATABASE_URL", DatabaseUrl);
  const corsOrigins = textSetting(env, "CORS_ORIGINS", Origins);
  const sessionSecrets = jsonSetting(env, "SESSION_SECRETS", SessionSecrets);
  const sessionOrigins = textSetting(env, "SESSION_ORIGINS", SessionOrigins);
  const isSpread = redisNodes.kind !== "unset" && redisShards.kind !== "unset";
  const url = given(redisUrl);
  const token = given(redisToken);
  return {
    instance: given(instance) ?? INSTANCE_DEFAULT,
    apiKeys: given(apiKeys),
    redis: url === null || token === null ? null : { url, token },
    redisNodes: given(redisNodes),
    redisShards: given(redisShards),
    databaseUrl: given(databaseUrl),
    corsOrigins: given(corsOrigins) ?? [],
    sessionSecrets: given(sessionSecrets),
    sessionOrigins: given(sessionOrigins) ?? [],
    durability: isSpread ? "replicated" : "single-database",
    faults: {
      instance: optional(instance),
      apiKeys: required(apiKeys),
      redis: required(redisUrl) ?? required(redisToken),
      redisNodes: optional(redisNodes),
      redisShards: optional(redisShards),
      postgres: required(databaseUrl),
      corsOrigins: optional(corsOrigins),
      sessionSecrets: required(sessionSecrets),
      sessionOrigins: optional(sessionOrigins),
    },
  };
}

type Setting<Value> =
  | { readonly kind: "set"; readonly value: Value }
  | { readonly kind: "unset"; readonly name: string }
  | { readonly kind: "malformed"; readonly sentence: string };

function given<Value>(setting: Setting<Value>): Value | null {
  return setting.kind === "set" ? setting.value : null;
}

function optional(setting: Setting<unknown>): string | null {
  return setting.kind === "malformed" ? setting.sentence : null;
}

function required(setting: Setting<unknown>): string | null {
  return setting.kind === "unset" ? `${setting.name} is not set.` : optional(setting);
}

function textSetting<Value>(env: Bindings, name: string, schema: z.ZodType<Value>): Setting<Value> {
  const value = trimmed(env[name]);
  return value === "" ? { kind: "unset", name } : checked(name, value, schema);
}

/** A JSON binding is text (a secret), or an object already (a `[vars]` table). */
function jsonSetting<Value>(env: Bindings, name: string, schema: z.ZodType<Value>): Setting<Value> {
  const value = trimmed(env[name]);
  if (value === "") return { kind: "unset", name };
  if (typeof value !== "string") return checked(name, value, schema);
  try {
    return checked(name, JSON.parse(value), schema);
  } catch {
    return { kind: "malformed", sentence: `${name} is not valid JSON.` };
  }
}

function trimmed(value: unknown): unknown {
  return typeof value === "string" ? value.trim() : (value ?? "");
}

function checked<Value>(name: string, value: unknown, schema: z.ZodType<Value>): Setting<Value> {
  const result = schema.safeParse(value);
  if (result.success) return { kind: "set", value: result.data };
  const [issue] = result.error.issues;
  const at = [name, ...(issue?.path ?? []).map(String)].join(".");
  return { kind: "malformed", sentence: `${at} is malformed: ${issue?.message}.` };
}
