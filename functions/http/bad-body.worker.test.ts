import { env } from "cloudflare:workers";
import { describe, inject, it } from "vitest";
import { JSON_DEPTH_MAX } from "./json-depth.ts";
import { BODY_BYTES_MAX, inputRoutes } from "./testing/input-routes.ts";
import { startShell } from "./testing/shell.ts";

const { call } = startShell({ env, key: inject("apiKey"), routes: inputRoutes });

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
