import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, inject, it, vi } from "vitest";
import { failingRoutes } from "./testing/failing-routes.ts";
import { type ShellOptions, startShell } from "./testing/shell.ts";

const shell = (options: Partial<ShellOptions> = {}) =>
  startShell({ env, key: inject("apiKey"), routes: failingRoutes, ...options });

beforeEach(() => {
  vi.spyOn(console, "error").mockImplementation(() => undefined);
});

afterEach(() => vi.restoreAllMocks());

describe("browsers of other origins", () => {
  const ORIGIN = "https://app.example";
  const preflight = {
    method: "OPTIONS",
    headers: {
      Authorization: "",
      Origin: ORIGIN,
      "Access-Control-Request-Method": "PUT",
      "Access-Control-Request-Headers": "authorization,idempotency-key",
    },
  };
  const allowing = (origins: string) => shell({ bindings: { CORS_ORIGINS: origins } });
  const corsHeaders = (headers: Headers) =>
    [...headers.keys()].filter((name) => name.startsWith("access-control-") || name === "vary");

  it("get nothing when none is configured", async ({ expect }) => {
    const { call } = shell();
    const asked = await call("/t/things/a", { headers: { Origin: ORIGIN } });
    expect(corsHeaders(asked.headers)).toEqual([]);
    expect(corsHeaders((await call("/t/things/a", preflight)).headers)).toEqual([]);
  });

  it("may ask before they call, without a key", async ({ expect }) => {
    const { status, headers } = await allowing(`https://b.example ${ORIGIN}`).call(
      "/t/things/a",
      preflight,
    );
    expect(status).toBe(204);
    expect(headers.get("Access-Control-Allow-Origin")).toBe(ORIGIN);
    expect(headers.get("Access-Control-Allow-Methods")).toBe("GET, PUT, DELETE, HEAD, OPTIONS");
    expect(headers.get("Access-Control-Allow-Headers")?.toLowerCase().split(", ")).toEqual(
      expect.arrayContaining(["authorization", "content-type", "idempotency-key", "if-match"]),
    );
    expect(headers.get("Access-Control-Max-Age")).toBe("600");
    expect(headers.get("Vary")).toBe("Origin");
    expect(headers.get("Access-Control-Allow-Credentials")).toBeNull();
  });

  it("that ask of a path that does not exist, or ask nothing, are told of no method", async ({
    expect,
  }) => {
    const { call } = allowing(ORIGIN);
    const plain = { method: "OPTIONS", headers: { Origin: ORIGIN } };
    for (const answer of [await call("/nowhere", preflight), await call("/t/things/a", plain)]) {
      expect(corsHeaders(answer.headers)).toEqual([
        "access-control-allow-origin",
        "access-control-expose-headers",
        "vary",
      ]);
    }
  });

  it("may read replies, errors too, and the headers that mean something", async ({ expect }) => {
    const { call } = allowing(ORIGIN);
    for (const path of ["/t/things/a", "/nowhere", "/t/raised/x"]) {
      const { headers } = await call(path, { headers: { Origin: ORIGIN } });
      expect([path, headers.get("Access-Control-Allow-Origin")]).toEqual([path, ORIGIN]);
      expect(headers.get("Access-Control-Expose-Headers")?.split(", ")).toEqual(
        expect.arrayContaining([
          "ETag",
          "Retry-After",
          "RateLimit",
          "RateLimit-Policy",
          "Server-Timing",
          "Idempotency-Replayed",
          "Kv-Cost",
          "Kv-Request-Id",
          "Kv-Session",
        ]),
      );
    }
  });

  it("of an origin that is not configured get nothing, and caches are told so", async ({
    expect,
  }) => {
    const { call } = allowing(ORIGIN);
    for (const origin of ["https://evil.example", `${ORIGIN}.evil.example`, "null", ""]) {
      const headers = origin === "" ? {} : { Origin: origin };
      const answer = await call("/t/things/a", { headers });
      expect([origin, corsHeaders(answer.headers)]).toEqual([origin, ["vary"]]);
    }
  });

  it("are all allowed by *", async ({ expect }) => {
    const { headers } = await allowing("*").call("/t/things/a", { headers: { Origin: ORIGIN } });
    expect(headers.get("Access-Control-Allow-Origin")).toBe("*");
  });
});
