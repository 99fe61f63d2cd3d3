import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseEnv } from "node:util";
import { describe, it, onTestFinished } from "vitest";
import { loadSecrets } from "./secrets.ts";
import { allRedis, topology } from "./topology.ts";
import { removeDevVars, workerBindings, writeDevVars } from "./worker-bindings.ts";

function folder(): string {
  const dir = mkdtempSync(join(tmpdir(), "worker-bindings-"));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

function around(isSingleDatabase: boolean) {
  const shape = topology(7400, isSingleDatabase);
  const ids = allRedis(shape).map(({ id }) => id);
  const secrets = loadSecrets(folder(), ids);
  return { topology: shape, secrets, bases: { port: 8787, redisPort: 7400 } };
}

describe("the Worker's bindings", () => {
  it("name three voters, a spare and four pairs, each with its own token", ({ expect }) => {
    const { REDIS_NODES, REDIS_SHARDS } = workerBindings(around(false), "local");
    const nodes = JSON.parse(REDIS_NODES ?? "") as { id: string; token: string; role: string }[];
    expect(nodes.map(({ id, role }) => `${id} ${role}`)).toEqual([
      "node-1 voter",
      "node-2 voter",
      "node-3 voter",
      "node-4 spare",
    ]);
    expect(new Set(nodes.map(({ token }) => token)).size).toBe(4);
    const shards = JSON.parse(REDIS_SHARDS ?? "") as {
      primary: { url: string };
      replicas: { id: string; url: string }[];
    }[];
    expect(shards.map(({ replicas }) => replicas.map(({ id }) => id))).toEqual([
      ["shard-1-replica-1"],
      ["shard-2-replica-1"],
      ["shard-3-replica-1"],
      ["shard-4-replica-1"],
    ]);
    expect(shards[0]?.primary.url).toBe("http://127.0.0.1:7418");
    expect(shards[3]?.replicas[0]?.url).toBe("http://127.0.0.1:7425");
  });

  it("leave nodes and shards unset in single-database mode", ({ expect }) => {
    const bindings = workerBindings(around(true), "local");
    expect(Object.keys(bindings)).not.toContain("REDIS_NODES");
    expect(Object.keys(bindings)).not.toContain("REDIS_SHARDS");
    expect(bindings).toMatchObject({ UPSTASH_REDIS_REST_URL: "http://127.0.0.1:7413" });
  });

  it("know the key by its hash only", ({ expect }) => {
    const stack = around(false);
    const { API_KEYS } = workerBindings(stack, "dev");
    expect(API_KEYS).not.toContain(stack.secrets.key);
    const sha256 = createHash("sha256").update(stack.secrets.key).digest("hex");
    expect(JSON.parse(API_KEYS ?? "")).toEqual([
      { id: "local", sha256, tenant: "local", scopes: ["read", "write", "admin"] },
    ]);
  });
});

describe("the secret that signs session cookies", () => {
  it("is the data folder's, the same for the Worker and for wrangler dev", ({ expect }) => {
    const stack = around(false);
    for (const instance of ["local", "dev"] as const) {
      const { SESSION_SECRETS } = workerBindings(stack, instance);
      expect(JSON.parse(SESSION_SECRETS ?? "")).toEqual({ local: stack.secrets.sessionSecret });
    }
    expect(stack.secrets.sessionSecret).toMatch(/^[0-9a-f]{48}$/);
  });
});

describe("secrets", () => {
  it("stay the same, and new nodes get theirs beside them", ({ expect }) => {
    const dir = folder();
    const first = loadSecrets(dir, ["main"]);
    const second = loadSecrets(dir, ["main", "node-1"]);
    expect(second).toMatchObject(first);
    expect(second.tokens["node-1"]).toMatch(/^[0-9a-f]{48}$/);
    expect(loadSecrets(dir, ["main"])).toEqual(second);
    expect(statSync(join(dir, "secrets.json")).mode & 0o777).toBe(0o600);
  });

  it("are not silently replaced when their file is damaged", ({ expect }) => {
    const dir = folder();
    writeFileSync(join(dir, "secrets.json"), "{");
    expect(() => loadSecrets(dir, [])).toThrow("Delete it to get new secrets");
  });
});

describe(".dev.vars", () => {
  it("reads back as the bindings, is private, and goes when the stack stops", ({ expect }) => {
    const path = join(folder(), ".dev.vars");
    const bindings = workerBindings(around(false), "dev");
    expect(writeDevVars(path, bindings)).toBe(true);
    expect(writeDevVars(path, bindings)).toBe(true);
    expect(parseEnv(readFileSync(path, "utf8"))).toEqual(bindings);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    removeDevVars(path);
    expect(existsSync(path)).toBe(false);
  });

  it("stays as it is when a person wrote it", ({ expect }) => {
    const path = join(folder(), ".dev.vars");
    writeFileSync(path, "MINE=1\n");
    expect(writeDevVars(path, {})).toBe(false);
    removeDevVars(path);
    expect(readFileSync(path, "utf8")).toBe("MINE=1\n");
  });

  it("is never committed", ({ expect }) => {
    const root = join(import.meta.dirname, "..", "..");
    const ignored = execFileSync("git", ["check-ignore", ".dev.vars", ".local"], { cwd: root });
    expect(ignored.toString().trim().split("\n")).toEqual([".dev.vars", ".local"]);
  });
});
