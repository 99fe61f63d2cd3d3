import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, inject, it, vi } from "vitest";
import { startShell } from "../http/testing/shell.ts";

const APP = "https://app.example";
const HERE = "https://worker.test/session-store";

const shell = (bindings: Readonly<Record<string, string>> = {}) =>
  startShell({ env, key: inject("apiKey"), bindings });

beforeEach(() => {
  vi.spyOn(console, "error").mockImplementation(() => undefined);
});

afterEach(() => vi.restoreAllMocks());

async function signedIn(bindings: Readonly<Record<string, string>> = {}) {
  const begun = await shell(bindings).call(`${HERE}/sessions`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ userId: `cookies-${crypto.randomUUID()}` }),
  });
  return begun.headers.getSetCookie()[0]?.split(";")[0] ?? "";
}

const corsOf = (headers: Headers) =>
  Object.fromEntries(
    [...headers].filter(([name]) => name.startsWith("access-control-") || name === "vary"),
  );

describe("browsers of other origins", () => {
  const bindings = { SESSION_ORIGINS: APP, CORS_ORIGINS: "*" };
  const preflight = (path: string, method: string, origin = APP) =>
    shell(bindings).call(HERE + path, {
      method: "OPTIONS",
      headers: { Authorization: "", Origin: origin, "Access-Control-Request-Method": method },
    });

  it("may call with the cookie when they are named", async ({ expect }) => {
    const Cookie = await signedIn();
    const headers = { Authorization: "", Origin: APP, Cookie };
    const read = await shell(bindings).call(`${HERE}/session`, { headers });
    expect(read.status).toBe(200);
    expect(corsOf(read.headers)).toMatchObject({
      "access-control-allow-origin": APP,
      "access-control-allow-credentials": "true",
      "access-control-expose-headers": expect.stringContaining("ETag"),
      vary: "Cookie, Origin",
    });
    const body = JSON.stringify({ set: { a: 1 } });
    const patched = await shell(bindings).call(`${HERE}/session`, {
      method: "PATCH",
      headers: { ...headers, "Content-Type": "application/json" },
      body,
    });
    expect(patched.status).toBe(200);
  });

  it("are told before they call", async ({ expect }) => {
    const asked = await preflight("/session", "PATCH");
    expect(asked.status).toBe(204);
    expect(corsOf(asked.headers)).toMatchObject({
      "access-control-allow-origin": APP,
      "access-control-allow-credentials": "true",
      "access-control-allow-methods": "GET, PATCH, DELETE, HEAD, OPTIONS",
      "access-control-allow-headers": expect.stringContaining("If-Match"),
    });
  });

  it("get no credentials where a key is what opens, even on the same path", async ({ expect }) => {
    const byKey = corsOf((await preflight("/sessions", "POST")).headers);
    expect(byKey["access-control-allow-credentials"]).toBeUndefined();
    expect(byKey["access-control-allow-origin"]).toBe("*");
    const byCookie = corsOf((await preflight("/sessions", "DELETE")).headers);
    expect(byCookie["access-control-allow-credentials"]).toBe("true");
  });

  it("get nothing when they are not named, whatever CORS_ORIGINS says", async ({ expect }) => {
    const evil = "https://evil.example";
    expect(corsOf((await preflight("/session", "GET", evil)).headers)).toEqual({
      vary: "Cookie, Origin",
    });
    const Cookie = await signedIn();
    const read = await shell(bindings).call(`${HERE}/session`, {
      headers: { Origin: evil, Cookie },
    });
    expect(corsOf(read.headers)).toEqual({ vary: "Cookie, Origin" });
  });
});

describe("the cookie", () => {
  it("is told from others by its context", async ({ expect }) => {
    const local = "http://127.0.0.1:8787/session-store";
    const text = (await signedIn()).replace("__Host-sid=", "");
    const statusOf = async (base: string, Cookie: string) =>
      (await shell().call(`${base}/session`, { headers: { Cookie } })).status;
    expect(await statusOf(local, `sid=${text}`)).toBe(200);
    expect(await statusOf(local, `__Host-sid=${text}`)).toBe(401);
    expect(await statusOf(HERE, `sid=${text}`)).toBe(401);
  });

  it("is not planted by a name that begins with a space which only Unicode knows", async ({
    expect,
  }) => {
    // workerd reads and writes headers as UTF-8, and says so.
    const Cookie = `a=1; \u00a0${await signedIn()}`;
    const read = await shell().call(`${HERE}/session`, { headers: { Cookie } });
    expect([read.status, read.headers.get("Kv-Cost")]).toEqual([401, "trips=0, requests=0"]);
  });

  it("is of one tenant and one deployment", async ({ expect }) => {
    const Cookie = await signedIn();
    const other = await shell({ INSTANCE: "elsewhere" }).call(`${HERE}/session`, {
      headers: { Cookie },
    });
    expect([other.status, other.headers.get("Kv-Cost")]).toEqual([401, "trips=0, requests=0"]);
  });
});

describe("what is missing", () => {
  it("is told as not configured, with the binding's name", async ({ expect }) => {
    const Cookie = await signedIn();
    for (const SESSION_SECRETS of ["", "{", "{}", '{"k1":"short"}', '{"1":"x"}']) {
      const { call } = shell({ SESSION_SECRETS });
      const read = await call(`${HERE}/session`, { headers: { Cookie } });
      expect([SESSION_SECRETS, read.status, read.code]).toEqual([
        SESSION_SECRETS,
        503,
        "not_configured",
      ]);
      expect(read.json()).toMatchObject({ detail: expect.stringMatching(/^SESSION_SECRETS/) });
      const begun = await call(`${HERE}/sessions`, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: '{"userId":"a"}',
      });
      expect(begun.code).toBe("not_configured");
    }
  });
});
