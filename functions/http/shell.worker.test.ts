import { env } from "cloudflare:workers";
import { describe, inject, it } from "vitest";
import { failingRoutes } from "./testing/failing-routes.ts";
import { type ShellOptions, startShell } from "./testing/shell.ts";

const shell = (options: Partial<ShellOptions> = {}) =>
  startShell({ env, key: inject("apiKey"), routes: failingRoutes, ...options });

async function sha256Of(key: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(key));
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

describe("every reply", () => {
  it("has an id of its own, what it cost, and its timing", async ({ expect }) => {
    const { call } = shell();
    const replies = [await call("/t/things/a"), await call("/nowhere"), await call("/t/redis/a")];
    const ids = replies.map(({ headers }) => headers.get("Kv-Request-Id"));
    expect(new Set(ids).size).toBe(3);
    expect(ids.every((id) => /^[0-9a-z]{15}-[0-9a-z]+$/.test(id ?? ""))).toBe(true);
    expect(replies.map(({ headers }) => headers.get("Kv-Cost"))).toEqual([
      "trips=0, requests=0",
      "trips=0, requests=0",
      "trips=1, requests=1",
    ]);
    for (const { headers } of replies) {
      expect(headers.get("Server-Timing")).toMatch(/^redis;dur=[\d.]+, db;dur=0, do;dur=0$/);
    }
  });

  it("may be neither sniffed nor stored, unless it says otherwise", async ({ expect }) => {
    const { call } = shell();
    const { headers } = await call("/t/things/a");
    expect(headers.get("X-Content-Type-Options")).toBe("nosniff");
    expect(headers.get("Cache-Control")).toBe("no-store");
    const put = await call("/t/things/a", { method: "PUT" });
    expect(put.headers.get("Cache-Control")).toBe("private, max-age=5");
  });

  it("says when nothing survives the loss of one database", async ({ expect }) => {
    const database = { url: "https://x.test", token: "t" };
    const bindings = {
      REDIS_NODES: JSON.stringify([{ id: "n", role: "voter", ...database }]),
      REDIS_SHARDS: JSON.stringify([{ id: "s", primary: database, replicas: [] }]),
    };
    const durability = async (options: Partial<ShellOptions>) =>
      (await shell(options).call("/nowhere")).headers.get("Kv-Durability");
    expect(await durability({})).toBe("single-database");
    expect(await durability({ bindings: { REDIS_NODES: bindings.REDIS_NODES } })).toBe(
      "single-database",
    );
    expect(await durability({ bindings })).toBeNull();
  });
});

describe("a caller", () => {
  const refused: readonly [name: string, authorization: string][] = [
    ["no key", ""],
    ["an unknown key", "Bearer nobody"],
    ["another scheme", "Basic dGVzdDp0ZXN0"],
    ["no token", "Bearer"],
    ["two tokens", `Bearer ${inject("apiKey")} ${inject("apiKey")}`],
    ["a token too long", `Bearer ${"x".repeat(513)}`],
  ];
  for (const [name, authorization] of refused) {
    it(`with ${name} is told how to call`, async ({ expect }) => {
      const answer = await shell().call("/t/things/a", {
        headers: { Authorization: authorization },
      });
      expect([answer.status, answer.code]).toEqual([401, "unauthorized"]);
      expect(answer.headers.get("WWW-Authenticate")).toMatch(/^Bearer realm=/);
    });
  }

  it("with two keys is refused, though both are right", async ({ expect }) => {
    const headers = new Headers();
    for (let i = 0; i < 2; i += 1) headers.append("Authorization", `Bearer ${inject("apiKey")}`);
    expect((await shell().call("/t/things/a", { headers })).code).toBe("unauthorized");
  });

  it("learns nothing about a request that it may not make", async ({ expect }) => {
    const answer = await shell().call("/t/things/not%20valid?x=1", {
      headers: { Authorization: "" },
    });
    expect(answer.code).toBe("unauthorized");
  });

  it("acts for the tenant of its own key", async ({ expect }) => {
    const keyOf = async (tenant: string) => ({
      id: `key-of-${tenant}`,
      sha256: await sha256Of(`secret-of-${tenant}`),
      tenant,
      scopes: ["read"],
    });
    const API_KEYS = JSON.stringify([await keyOf("acme"), await keyOf("rival")]);
    const { call } = shell({ bindings: { API_KEYS } });
    for (const tenant of ["acme", "rival", "acme", "rival"]) {
      const headers = { Authorization: `Bearer secret-of-${tenant}` };
      expect((await call("/t/tenant/a", { headers })).json()).toBe(tenant);
    }
  });

  it("needs the scope of the call", async ({ expect }) => {
    const sha256 = await sha256Of("reader");
    const { call } = shell({
      key: "reader",
      bindings: {
        API_KEYS: JSON.stringify([{ id: "r", sha256, tenant: "t", scopes: ["read"] }]),
      },
    });
    expect((await call("/t/things/a")).status).toBe(200);
    for (const method of ["PUT", "DELETE"]) {
      const answer = await call("/t/things/a", { method });
      expect([answer.status, answer.code]).toEqual([403, "missing_scope"]);
    }
  });
});

describe("a request that no endpoint takes", () => {
  it("to a path that does not exist is told where to look", async ({ expect }) => {
    const { call } = shell();
    for (const [method, path] of [
      ["GET", "/"],
      ["GET", "/t/things"],
      ["GET", "/t/things/a/"],
      ["POST", "/t/things/a/b"],
      ["OPTIONS", "/nowhere"],
      ["GET", "/%ff"],
    ] as const) {
      const answer = await call(path, { method });
      expect([path, answer.status, answer.code]).toEqual([path, 404, "no_such_endpoint"]);
    }
  });

  it("with a method the path does not take is told which it takes", async ({ expect }) => {
    const { call } = shell();
    for (const [method, path, allow] of [
      ["POST", "/t/things/a", "GET, PUT, DELETE, HEAD, OPTIONS"],
      ["PATCH", "/t/things/a", "GET, PUT, DELETE, HEAD, OPTIONS"],
      ["PROPFIND", "/t/things/a", "GET, PUT, DELETE, HEAD, OPTIONS"],
      ["DELETE", "/metrics", "GET, HEAD, OPTIONS"],
    ] as const) {
      const answer = await call(path, { method });
      expect([answer.status, answer.code]).toEqual([405, "method_not_allowed"]);
      expect(answer.headers.get("Allow")).toBe(allow);
    }
  });

  it("with OPTIONS is told which methods there are, without a key", async ({ expect }) => {
    const answer = await shell().call("/t/things/a", {
      method: "OPTIONS",
      headers: { Authorization: "" },
    });
    expect([answer.status, answer.text]).toEqual([204, ""]);
    expect(answer.headers.get("Allow")).toBe("GET, PUT, DELETE, HEAD, OPTIONS");
    expect(answer.headers.get("Access-Control-Allow-Origin")).toBeNull();
  });

  it("with HEAD gets what GET would, without a body", async ({ expect }) => {
    const { call } = shell();
    const answer = await call("/t/things/a", { method: "HEAD" });
    expect([answer.status, answer.text]).toEqual([200, ""]);
    expect(answer.headers.get("Content-Type")).toBe("application/json");
    expect(answer.headers.get("Kv-Cost")).toBe("trips=0, requests=0");
    expect((await call("/t/things/not%20valid", { method: "HEAD" })).status).toBe(400);
  });
});
