/**
 * @module
 * The form of each binding. A message says the rule and never holds what was sent: it is shown to callers.
 */
import * as z from "zod";
import { SCOPES } from "./http/auth.ts";

export const Instance = z
  .string()
  .regex(/^[A-Za-z0-9._~:@-]{1,128}$/, "it must be 1 to 128 characters of A-Z a-z 0-9 . _ ~ : @ -");

const Id = Instance;

const Sha256 = z
  .string("it must be text")
  .regex(/^[0-9a-f]{64}$/, "it must be 64 lower-case hexadecimal digits");

export const ApiKeys = z
  .array(
    z.object({
      id: Id,
      sha256: Sha256,
      tenant: Id,
      scopes: z.array(z.enum(SCOPES, `it must be one of ${SCOPES.join(", ")}`)).min(1),
    }),
    "it must be a list",
  )
  .min(1, "it must list at least one key")
  .refine(isUniqueBy("sha256"), "two keys are the same")
  .refine(isUniqueBy("id"), "two keys have the same id");

/** One Redis database behind Upstash's REST dialect. */
export const Database = z.object({
  url: z
    .string("it must be text")
    .regex(/^https?:\/\/[^\s#$./?][^\s?#]*$/, "it must be an http or https URL"),
  token: z.string("it must be text").regex(/^[\x21-\x7e]+$/, "it must be a token without spaces"),
});

const NamedDatabase = Database.extend({ id: Id });

export const RedisNodes = z
  .array(
    NamedDatabase.extend({ role: z.enum(["voter", "spare"], "it must be voter or spare") }),
    "it must be a list",
  )
  .min(1, "it must list at least one node")
  .refine(isUniqueBy("id"), "two nodes have the same id");

export const RedisShards = z
  .array(
    z.object({ id: Id, primary: Database, replicas: z.array(NamedDatabase) }),
    "it must be a list",
  )
  .min(1, "it must list at least one shard")
  .refine(isUniqueBy("id"), "two shards have the same id");

export const DatabaseUrl = z
  .string("it must be text")
  .refine(isPostgresUrl, "it must look like postgresql://user:password@host/database");

/** Begins with a letter, because JSON objects list keys that look like integers first, whatever was written first. */
const Kid = /^[A-Za-z][A-Za-z0-9_-]{0,31}$/;
/** Secrets that are believed at once: each costs a line here, and nothing else. */
const SESSION_SECRETS_MAX = 8;

/** Secrets that sign session cookies, newest first. */
export const SessionSecrets = z
  .record(
    z.string(),
    z
      .string("it must be text")
      .regex(/^[\x21-\x7e]{32,256}$/, "it must be 32 to 256 characters without spaces"),
    "it must be an object of secrets by key id",
  )
  .refine((secrets) => Object.keys(secrets).every((kid) => Kid.test(kid)), {
    error: "a key id must be a letter and at most 31 more of A-Z a-z 0-9 _ -",
  })
  .transform((secrets) => Object.entries(secrets).map(([kid, secret]) => ({ kid, secret })))
  .refine((secrets) => secrets.length <= SESSION_SECRETS_MAX, {
    error: `it must hold at most ${SESSION_SECRETS_MAX} secrets`,
  })
  .transform(([newest, ...older], ctx) => {
    if (newest !== undefined) return [newest, ...older] as const;
    ctx.issues.push({ code: "custom", input: {}, message: "it must hold at least one secret" });
    return z.NEVER;
  });

/** Origins, separated by commas or spaces. */
export const Origins = z
  .string("it must be text")
  .transform((text) => text.split(/[\s,]+/).filter((origin) => origin !== ""))
  .refine((origins) => origins.every(isOrigin), "each must be * or an origin like https://host");

/** Calls from these carry the session cookie, so each must be named. */
export const SessionOrigins = Origins.refine((origins) => !origins.includes("*"), {
  error: "each must be an origin like https://host; * is none",
});

function isUniqueBy<Key extends string>(key: Key) {
  return (entries: readonly Readonly<Record<Key, string>>[]) =>
    new Set(entries.map((entry) => entry[key])).size === entries.length;
}

/** The same conditions as the driver's, which puts the whole string into its error. */
function isPostgresUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, username, hostname, pathname } = new URL(text);
  const isPostgres = protocol === "postgres:" || protocol === "postgresql:";
  return isPostgres && username !== "" && hostname !== "" && pathname.length > 1;
}

function isOrigin(text: string): boolean {
  return text === "*" || (URL.canParse(text) && new URL(text).origin === text);
}
