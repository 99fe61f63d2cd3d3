import { env } from "cloudflare:workers";
import fc from "fast-check";
import { Hono } from "hono";
import { describe, inject, it } from "vitest";
import * as z from "zod";
import type { AppEnv } from "./app-env.ts";
import { endpoint } from "./endpoint.ts";
import { DEADLINE_MS_MAX, IDEMPOTENCY_KEY, IF_MATCH, IF_NONE_MATCH } from "./headers.ts";
import { JSON_DEPTH_MAX } from "./json-depth.ts";
import { Name, queryInteger } from "./names.ts";
import { startShell } from "./testing/shell.ts";

const BODY_BYTES_MAX = 1_000;

const routes = new Hono<AppEnv>()
  .get(
    "/names/:name",
    endpoint({
      operation: "test.get",
      summary: "",
      scope: "read",
      mutates: false,
      params: z.strictObject({ name: Name }),
      query: z.strictObject({ limit: queryInteger({ min: 1, max: 10 }).optional() }),
      headers: [IF_NONE_MATCH],
      replies: {},
    }),
    (c) =>
      c.json({
        ...c.req.valid("param"),
        ...c.req.valid("query"),
        remainingMs: c.get("deps").attempts.deadline.remainingMs(),
      }),
  )
  .get(
    "/keys/:key",
    endpoint({
      operation: "test.key",
      summary: "",
      scope: "read",
      mutates: false,
      params: z.strictObject({ key: z.string() }),
      replies: {},
    }),
    (c) => c.json(c.req.valid("param")),
  )
  .post(
    "/bodies",
    endpoint({
      operation: "test.post",
      summary: "",
      scope: "write",
      mutates: true,
      body: z.strictObject({ text: z.string(), any: z.json().optional() }),
      bodyBytesMax: BODY_BYTES_MAX,
      headers: [IDEMPOTENCY_KEY, IF_MATCH],
      replies: {},
    }),
    (c) => c.json({ json: c.req.valid("json"), text: c.get("bodyText") }),
  );

const { call } = startShell({ env, key: inject("apiKey"), routes });

const JSON_HEADERS = { "Content-Type": "application/json" };

const post = (body: BodyInit, headers: HeadersInit = JSON_HEADERS) =>
  call("/t/bodies", { method: "POST", body, headers });

const bodyOf = (sizeBytes: number) => `{"text":"${"x".repeat(sizeBytes - 11)}"}`;

/** A body whose length nobody announces. */
function chunked(text: string): ReadableStream<Uint8Array> {
  const bytes = new TextEncoder().encode(text);
  return new ReadableStream({
    start(controller) {
      for (let at = 0; at < bytes.length; at += 100) controller.enqueue(bytes.slice(at, at + 100));
      controller.close();
    },
  });
}

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
      const answer = await post('{"text":""}', { ...JSON_HEADERS, [name]: value });
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
      expect((await post('{"text":""}', headers)).code).toBe("bad_header");
    }
  });
});

describe("a body", () => {
  it("is handed on parsed and as it was sent", async ({ expect }) => {
    const text = ' {"text" : "ü\\u0000", "any": [1.0, null]} ';
    const answer = await post(text);
    expect([answer.status, answer.json()]).toEqual([
      200,
      { json: { text: "ü\0", any: [1, null] }, text },
    ]);
  });

  it("may have the declared number of bytes and not one more, announced or not", async ({
    expect,
  }) => {
    for (const wrap of [(text: string) => text, chunked]) {
      expect((await post(wrap(bodyOf(BODY_BYTES_MAX)))).status).toBe(200);
      const answer = await post(wrap(bodyOf(BODY_BYTES_MAX + 1)));
      expect([answer.status, answer.code]).toEqual([413, "too_large"]);
      expect(answer.text).toContain(String(BODY_BYTES_MAX));
    }
  });

  it("is measured in bytes, not in characters", async ({ expect }) => {
    expect((await post(`{"text":"${"ü".repeat(BODY_BYTES_MAX / 2)}"}`)).status).toBe(413);
  });

  const malformed: readonly [name: string, body: BodyInit][] = [
    ["nothing", ""],
    ["a part of JSON", '{"text":'],
    ["JSON and more", '{"text":""} x'],
    ["a byte order mark", '\ufeff{"text":""}'],
    ["a single quote", "{'text':''}"],
    ["no number of JSON", '{"text":"","any":01}'],
    ["bytes that are no UTF-8", new Uint8Array([0x7b, 0xff, 0x7d])],
    ["a gzip stream", new Uint8Array([0x1f, 0x8b, 0x08, 0x00, 0x00])],
    ["too many brackets", `{"any":${"[".repeat(JSON_DEPTH_MAX)}${"]".repeat(JSON_DEPTH_MAX)}}`],
  ];
  for (const [name, body] of malformed) {
    it(`that is ${name} is malformed`, async ({ expect }) => {
      const answer = await post(body);
      expect([answer.status, answer.code]).toEqual([400, "malformed_json"]);
    });
  }

  const wrong: readonly [body: string, at: string][] = [
    ["{}", "body.text"],
    ['{"text":1}', "body.text"],
    ['{"text":null}', "body.text"],
    ['{"text":"","more":1}', "body"],
    ['{"text":"","__proto__":{}}', "body"],
    ["[]", "body"],
    ["null", "body"],
    ['"text"', "body"],
  ];
  for (const [body, at] of wrong) {
    it(`${body} is refused at ${at}`, async ({ expect }) => {
      const answer = await post(body);
      expect([answer.status, answer.code]).toEqual([400, "bad_body"]);
      expect(answer.json()).toMatchObject({ errors: [{ at }] });
    });
  }

  it("lists at most twenty of its errors", async ({ expect }) => {
    const many = Object.fromEntries(Array.from({ length: 30 }, (_, i) => [`f${i}`, 1]));
    const { errors } = (await post(JSON.stringify(many))).json() as { errors: unknown[] };
    expect(errors.length).toBeLessThanOrEqual(20);
  });

  const types: readonly [type: string, status: number][] = [
    ["application/json", 200],
    ["application/json; charset=utf-8", 200],
    ['APPLICATION/JSON;charset="UTF-8"', 200],
    ["application/vnd.acme+json", 200],
    ["application/json; charset=utf-16", 415],
    ["application/json, application/json", 415],
    ["text/plain", 415],
    ["text/json", 415],
    ["application/x-www-form-urlencoded", 415],
    ["multipart/form-data; boundary=x", 415],
    ["application/jsonx", 415],
    ["nonsense", 415],
    ["", 415],
  ];
  for (const [type, status] of types) {
    it(`of the type "${type}" is answered with ${status}`, async ({ expect }) => {
      const answer = await post('{"text":""}', { "Content-Type": type });
      expect(answer.status).toBe(status);
      if (status === 415) expect(answer.code).toBe("unsupported_media_type");
    });
  }
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
