import { env } from "cloudflare:workers";
import fc from "fast-check";
import { describe, inject, it } from "vitest";
import { DEADLINE_MS_MAX } from "./headers.ts";
import { inputRoutes } from "./testing/input-routes.ts";
import { startShell } from "./testing/shell.ts";

const { call } = startShell({ env, key: inject("apiKey"), routes: inputRoutes });

const JSON_HEADERS = { "Content-Type": "application/json" };

const post = (headers: HeadersInit) =>
  call("/t/bodies", { method: "POST", body: '{"text":""}', headers });

describe("a path", () => {
  it("gives any key through as it was encoded", async ({ expect }) => {
    const key = fc.oneof(
      fc.string({ unit: "binary", minLength: 1 }),
      fc.string({
        unit: fc.constantFrom("%", "2", "F", "/", "?", "#", "+", " ", "."),
        minLength: 1,
      }),
    );
    await fc.assert(
      fc.asyncProperty(
        key.filter((text) => text !== "." && text !== ".."),
        async (text) => {
          const answer = await call(`/t/keys/${encodeURIComponent(text)}`);
          expect([answer.status, answer.json()]).toEqual([200, { key: text }]);
        },
      ),
      { numRuns: 100 },
    );
  });

  it("whose percent-encoding is broken is refused, whatever else it holds", async ({ expect }) => {
    for (const bad of ["%", "%2", "%zz", "%ff", "%C3", "a%E2%82b", "%2F%", "%25%ff", "ü%ff"]) {
      expect([bad, (await call(`/t/names/${bad}`)).code]).toEqual([bad, "bad_name"]);
      expect([bad, (await call(`/t/keys/${bad}`)).code]).toEqual([bad, "bad_key"]);
    }
  });

  it("takes names of 1 to 128 plain characters", async ({ expect }) => {
    for (const good of ["a", "x".repeat(128), "A-Z_a.z~0:9@", "..."]) {
      expect([good, (await call(`/t/names/${good}`)).status]).toEqual([good, 200]);
    }
    for (const bad of ["x".repeat(129), "a%20b", "a%2Fb", "%C3%BC", "a%00", "a+b", "a%25"]) {
      const answer = await call(`/t/names/${bad}`);
      expect([bad, answer.status, answer.code]).toEqual([bad, 400, "bad_name"]);
    }
  });

  it("may make a URL of 8,192 characters and not one more", async ({ expect }) => {
    const start = "http://shell.test/t/names/";
    const longest = start + "x".repeat(8_192 - start.length);
    expect((await call(longest)).code).toBe("bad_name");
    const answer = await call(`${longest}x`);
    expect([answer.status, answer.code]).toEqual([414, "uri_too_long"]);
    const query = `${start}a?limit=1&x=${"y".repeat(8_192)}`;
    expect((await call(query)).code).toBe("uri_too_long");
  });
});

describe("a query", () => {
  const cases: readonly [query: string, status: number][] = [
    ["", 200],
    ["limit=1", 200],
    ["limit=10", 200],
    ["limit=0", 400],
    ["limit=11", 400],
    ["limit=", 400],
    ["limit=1.5", 400],
    ["limit=1e1", 400],
    ["limit=%31", 200],
    ["limit=1&limit=1", 400],
    ["limit=%zz", 400],
    ["limit=%ff", 400],
    ["Limit=1", 400],
    ["unknown=1", 400],
    ["__proto__=1", 400],
    ["=1", 400],
  ];
  for (const [query, status] of cases) {
    it(`?${query} is answered with ${status}`, async ({ expect }) => {
      const answer = await call(`/t/names/a?${query}`);
      expect(answer.status).toBe(status);
      if (status === 400) expect(answer.code).toBe("bad_query");
    });
  }

  it("is refused where the endpoint has none", async ({ expect }) => {
    expect((await call("/t/keys/a?x=1")).code).toBe("bad_query");
  });
});

describe("the deadline header", () => {
  it("may say 1 to 10,000 milliseconds", async ({ expect }) => {
    const remaining = async (ms?: number) => {
      const headers = ms === undefined ? {} : { "Kv-Deadline-Ms": String(ms) };
      const { remainingMs } = (await call("/t/names/a", { headers })).json() as {
        remainingMs: number;
      };
      return remainingMs;
    };
    expect(await remaining()).toBeGreaterThan(1_000);
    expect(await remaining()).toBeLessThanOrEqual(2_000);
    expect(await remaining(1)).toBeLessThanOrEqual(1);
    expect(await remaining(DEADLINE_MS_MAX)).toBeGreaterThan(9_000);
  });

  it("is refused when it says anything else, or comes twice", async ({ expect }) => {
    for (const bad of ["0", "10001", "-1", "1e3", "0x10", "1.5", "", "x", "5, 5", " 5 5"]) {
      const answer = await call("/t/names/a", { headers: { "Kv-Deadline-Ms": bad } });
      expect([bad, answer.status, answer.code]).toEqual([bad, 400, "bad_header"]);
    }
  });
});

describe("a header with a meaning", () => {
  const cases: readonly [name: string, value: string, status: number][] = [
    ["Idempotency-Key", "x".repeat(128), 200],
    ["Idempotency-Key", "x".repeat(129), 400],
    ["Idempotency-Key", "a b", 400],
    ["Idempotency-Key", "ü", 400],
    ["Idempotency-Key", "", 400],
    ["If-Match", '"v"', 200],
    ["If-Match", 'W/"v"', 200],
    ["If-Match", "*", 200],
    ["If-Match", "v", 400],
    ["If-Match", '"a", "b"', 400],
    ["If-Match", `"${"v".repeat(129)}"`, 400],
  ];
  for (const [name, value, status] of cases) {
    it(`${name}: ${value.slice(0, 20)} (${value.length}) is answered with ${status}`, async ({
      expect,
    }) => {
      const answer = await post({ ...JSON_HEADERS, [name]: value });
      expect(answer.status).toBe(status);
      if (status === 400) expect(answer.code).toBe("bad_header");
    });
  }

  it("is refused when it comes twice", async ({ expect }) => {
    for (const [name, value] of [
      ["Idempotency-Key", "k"],
      ["If-Match", '"v"'],
    ] as const) {
      const headers = new Headers(JSON_HEADERS);
      headers.append(name, value);
      headers.append(name, value);
      expect((await post(headers)).code).toBe("bad_header");
    }
  });
});

describe("whatever is wrong", () => {
  it("is never answered with a 5xx", async ({ expect }) => {
    const anything = fc.string({ unit: "binary", maxLength: 30 });
    const headerText = fc.string({ unit: fc.constantFrom(...'a1,;="*/ ~'), maxLength: 12 });
    const requests = fc.record({
      path: fc.oneof(anything.map(encodeURIComponent), fc.constantFrom("%", "%ff", "..%2f", "")),
      query: fc.option(anything.map(encodeURIComponent)),
      body: fc.oneof(
        anything,
        fc.json(),
        fc.json().map((text) => `{"text":"","any":${text}}`),
      ),
      headers: fc.dictionary(
        fc.constantFrom("Kv-Deadline-Ms", "Idempotency-Key", "If-Match", "Content-Type"),
        headerText,
      ),
    });
    await fc.assert(
      fc.asyncProperty(requests, async ({ path, query, body, headers }) => {
        const search = query === null ? "" : `?${query}`;
        const answers = [
          await call(`/t/names/${path}${search}`, { headers }),
          await call(`/t/bodies${search}`, { method: "POST", body, headers }),
        ];
        for (const { status } of answers) expect(status).toBeLessThan(500);
      }),
      { numRuns: 200 },
    );
  });
});
