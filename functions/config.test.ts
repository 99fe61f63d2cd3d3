import { describe, it } from "vitest";
import { readConfig } from "./config.ts";

const SHA256 = "0123456789abcdef".repeat(4);
const KEY = { id: "k", sha256: SHA256, tenant: "acme", scopes: ["read"] };
const DATABASE = { url: "https://eu1.upstash.io", token: "t0ken" };
const NODE = { id: "node-1", role: "voter", ...DATABASE };
const SHARD = { id: "shard-1", primary: DATABASE, replicas: [{ id: "r1", ...DATABASE }] };

const WHOLE = {
  INSTANCE: "prod",
  API_KEYS: JSON.stringify([KEY]),
  UPSTASH_REDIS_REST_URL: DATABASE.url,
  UPSTASH_REDIS_REST_TOKEN: DATABASE.token,
  REDIS_NODES: JSON.stringify([NODE]),
  REDIS_SHARDS: JSON.stringify([SHARD]),
  DATABASE_URL: "postgres://user:secret@host.neon.tech/db?sslmode=require",
  CORS_ORIGINS: "https://a.example, http://127.0.0.1:5173",
  SESSION_SECRETS: JSON.stringify({ k2: "b".repeat(32), k1: "a".repeat(32) }),
  SESSION_ORIGINS: "https://app.example",
};

const NO_FAULTS = {
  instance: null,
  apiKeys: null,
  redis: null,
  redisNodes: null,
  redisShards: null,
  postgres: null,
  corsOrigins: null,
  sessionSecrets: null,
  sessionOrigins: null,
};

describe("the configuration", () => {
  it("reads every binding", ({ expect }) => {
    expect(readConfig(WHOLE)).toEqual({
      instance: "prod",
      apiKeys: [KEY],
      redis: DATABASE,
      redisNodes: [NODE],
      redisShards: [SHARD],
      databaseUrl: WHOLE.DATABASE_URL,
      corsOrigins: ["https://a.example", "http://127.0.0.1:5173"],
      sessionSecrets: [
        { kid: "k2", secret: "b".repeat(32) },
        { kid: "k1", secret: "a".repeat(32) },
      ],
      sessionOrigins: ["https://app.example"],
      durability: "replicated",
      faults: NO_FAULTS,
    });
  });

  it("names what is not set, and lets be unset what has a meaning unset", ({ expect }) => {
    expect(readConfig({})).toEqual({
      instance: "main",
      apiKeys: null,
      redis: null,
      redisNodes: null,
      redisShards: null,
      databaseUrl: null,
      corsOrigins: [],
      sessionSecrets: null,
      sessionOrigins: [],
      durability: "single-database",
      faults: {
        ...NO_FAULTS,
        apiKeys: "API_KEYS is not set.",
        redis: "UPSTASH_REDIS_REST_URL is not set.",
        postgres: "DATABASE_URL is not set.",
        sessionSecrets: "SESSION_SECRETS is not set.",
      },
    });
  });

  it("takes a binding of spaces for one that is not set", ({ expect }) => {
    const { faults } = readConfig({ ...WHOLE, UPSTASH_REDIS_REST_TOKEN: "  " });
    expect(faults.redis).toBe("UPSTASH_REDIS_REST_TOKEN is not set.");
  });

  const malformed: readonly [name: string, value: unknown, said: string][] = [
    ["INSTANCE", "a b", "INSTANCE is malformed: it must be 1 to 128 characters of A-Z"],
    ["INSTANCE", "x".repeat(129), "INSTANCE is malformed"],
    ["SESSION_SECRETS", "{", "SESSION_SECRETS is not valid JSON."],
    ["SESSION_SECRETS", "[]", "SESSION_SECRETS is malformed: it must be an object of secrets"],
    ["SESSION_SECRETS", "{}", "SESSION_SECRETS is malformed: it must hold at least one secret"],
    ["SESSION_SECRETS", '{"k1":1}', "SESSION_SECRETS.k1 is malformed: it must be text."],
    [
      "SESSION_SECRETS",
      JSON.stringify({ k1: "x".repeat(31) }),
      "SESSION_SECRETS.k1 is malformed: it must be 32 to 256 characters without spaces.",
    ],
    [
      "SESSION_SECRETS",
      JSON.stringify({ k1: "x".repeat(32), "2": "y".repeat(32) }),
      "SESSION_SECRETS is malformed: a key id must be a letter",
    ],
    [
      "SESSION_SECRETS",
      JSON.stringify(Object.fromEntries([..."abcdefghi"].map((kid) => [kid, "x".repeat(32)]))),
      "SESSION_SECRETS is malformed: it must hold at most 8 secrets.",
    ],
    ["SESSION_ORIGINS", "*", "SESSION_ORIGINS is malformed: each must be an origin"],
    ["SESSION_ORIGINS", "https://a.example/x", "SESSION_ORIGINS is malformed"],
    ["API_KEYS", "[{", "API_KEYS is not valid JSON."],
    ["API_KEYS", "{}", "API_KEYS is malformed: it must be a list."],
    ["API_KEYS", "[]", "API_KEYS is malformed: it must list at least one key."],
    ["API_KEYS", JSON.stringify([{ ...KEY, sha256: "ABC" }]), "API_KEYS.0.sha256 is malformed"],
    [
      "API_KEYS",
      JSON.stringify([{ ...KEY, scopes: ["root"] }]),
      "API_KEYS.0.scopes.0 is malformed",
    ],
    ["API_KEYS", JSON.stringify([{ ...KEY, scopes: [] }]), "API_KEYS.0.scopes is malformed"],
    ["API_KEYS", JSON.stringify([{ ...KEY, tenant: undefined }]), "API_KEYS.0.tenant is malformed"],
    ["API_KEYS", JSON.stringify([KEY, { ...KEY, id: "k2" }]), "two keys are the same"],
    [
      "API_KEYS",
      JSON.stringify([KEY, { ...KEY, sha256: "f".repeat(64) }]),
      "two keys have the same id",
    ],
    ["UPSTASH_REDIS_REST_URL", "redis://x", "UPSTASH_REDIS_REST_URL is malformed"],
    ["UPSTASH_REDIS_REST_TOKEN", "a b", "UPSTASH_REDIS_REST_TOKEN is malformed"],
    ["REDIS_NODES", JSON.stringify([NODE, NODE]), "two nodes have the same id"],
    ["REDIS_NODES", JSON.stringify([{ ...NODE, role: "boss" }]), "REDIS_NODES.0.role is malformed"],
    ["REDIS_SHARDS", JSON.stringify([{ ...SHARD, replicas: 1 }]), "REDIS_SHARDS.0.replicas"],
    ["DATABASE_URL", "mysql://u:p@h/d", "DATABASE_URL is malformed: it must look like postgresql:"],
    ["DATABASE_URL", "postgres://h/d", "DATABASE_URL is malformed"],
    ["DATABASE_URL", "postgres://u:p@h/", "DATABASE_URL is malformed"],
    ["CORS_ORIGINS", "a.example", "CORS_ORIGINS is malformed: each must be * or an origin"],
    ["CORS_ORIGINS", "https://a.example/path", "CORS_ORIGINS is malformed"],
  ];
  for (const [name, value, said] of malformed) {
    it(`says of ${name}=${String(value).slice(0, 60)}: ${said}`, ({ expect }) => {
      const { faults } = readConfig({ ...WHOLE, [name]: value });
      const [sentence, ...more] = Object.values(faults).filter((fault) => fault !== null);
      expect(sentence).toContain(said);
      expect(sentence?.startsWith(name)).toBe(true);
      expect(more).toEqual([]);
    });
  }

  it("never takes a malformed list of nodes or shards for a single database", ({ expect }) => {
    const config = readConfig({ ...WHOLE, REDIS_NODES: "[" });
    expect([config.redisNodes, config.durability]).toEqual([null, "replicated"]);
    expect(readConfig({ ...WHOLE, REDIS_SHARDS: "[" }).durability).toBe("replicated");
    expect(readConfig({ ...WHOLE, REDIS_NODES: "" }).durability).toBe("single-database");
    expect(readConfig({ ...WHOLE, REDIS_SHARDS: "" }).durability).toBe("single-database");
  });

  it("shows nothing of what a malformed binding holds", ({ expect }) => {
    const canary = "canary-5be1";
    const values = [
      canary,
      `[{"id":"${canary}"`,
      JSON.stringify([{ [canary]: canary, id: canary, sha256: canary, scopes: [canary] }]),
      JSON.stringify([{ id: canary, url: canary, token: ` ${canary} `, role: canary }]),
      `postgres:${canary}`,
      `redis://${canary}@h`,
    ];
    for (const name of Object.keys(WHOLE)) {
      if (name === "INSTANCE") continue;
      for (const value of values) {
        const { faults } = readConfig({ ...WHOLE, [name]: value });
        expect(JSON.stringify(faults)).not.toContain(canary);
      }
    }
  });

  it("ignores fields it does not know, so that an older Worker runs under newer secrets", ({
    expect,
  }) => {
    const { faults, apiKeys } = readConfig({
      ...WHOLE,
      API_KEYS: JSON.stringify([{ ...KEY, note: "rotated in May" }]),
    });
    expect([faults, apiKeys]).toEqual([NO_FAULTS, [KEY]]);
  });

  it("takes a JSON binding as text or as the value itself", ({ expect }) => {
    expect(readConfig({ ...WHOLE, REDIS_NODES: [NODE] }).redisNodes).toEqual([NODE]);
    expect(readConfig({ ...WHOLE, DATABASE_URL: { a: 1 } }).faults.postgres).toContain(
      "DATABASE_URL is malformed",
    );
  });
});
