import { exports } from "cloudflare:workers";
import { describe, inject, it } from "vitest";
import { type Browser, openBrowser } from "./testing/browser.ts";

const service = {
  fetch: (url: string, init: RequestInit) => exports.default.fetch(url, init),
  origin: "https://worker.test",
  key: inject("apiKey"),
};

let users = 0;

const newUser = () => {
  users += 1;
  return `bounds-test-${Date.now()}-${users}`;
};

async function signedIn(more: object = {}): Promise<Browser> {
  const browser = openBrowser(service);
  const { status } = await browser.signIn(newUser(), more);
  if (status !== 201) throw new Error(`not signed in: ${status}`);
  return browser;
}

describe("the bounds of a session", () => {
  const refused = { status: 413, body: { code: "too_large", outcome: "not_applied" } };

  it("are its bytes, at creation and after", async ({ expect }) => {
    const value = (bytes: number) => "x".repeat(bytes - 2);
    const browser = openBrowser(service);
    expect(await browser.signIn(newUser(), { data: { a: value(16_384) } })).toMatchObject(refused);
    await browser.signIn(newUser(), { data: { a: value(16_383) } });
    const set = (fields: object) => browser.call("PATCH", "/session", { body: { set: fields } });
    expect(await set({ b: 1 })).toMatchObject(refused);
    expect(await set({ a: value(16_381), b: 1 })).toMatchObject({ status: 200 });
    expect(await set({ a: value(16_382), b: 1 })).toMatchObject(refused);
    const put = await browser.call("PUT", "/session/cart/a", { body: { quantity: 1 } });
    expect(put).toMatchObject(refused);
    expect(await set({ b: 2 })).toMatchObject({ status: 200 });
  });

  it("are its fields and articles", async ({ expect }) => {
    const fields = (from: number, to: number) =>
      Object.fromEntries(Array.from({ length: to - from }, (_, i) => [`f${from + i}`, 1]));
    const browser = await signedIn({ data: fields(0, 1_000) });
    const set = (from: number, to: number) =>
      browser.call("PATCH", "/session", { body: { set: fields(from, to) } });
    expect(await set(1_000, 1_025)).toMatchObject({
      status: 409,
      body: { code: "too_many_fields" },
    });
    expect(await set(1_000, 1_024)).toMatchObject({ status: 200 });
    expect(await set(0, 1_025)).toMatchObject({ status: 400 });
    const put = (sku: string) =>
      browser.call("PUT", `/session/cart/${sku}`, { body: { quantity: 1 } });
    for (let i = 0; i < 100; i += 1) expect((await put(`s${i}`)).status).toBe(200);
    expect(await put("s100")).toMatchObject({ status: 409, body: { code: "cart_full" } });
    expect(await put("s99")).toMatchObject({ status: 200 });
  });

  it("are names, quantities and what a body may hold", async ({ expect }) => {
    const browser = await signedIn();
    const bad: [string, string, unknown, number, string, string?][] = [
      ["PATCH", "/session", { set: { "a b": 1 } }, 400, "bad_name", "body.set.a b"],
      ["PATCH", "/session", { set: { ["x".repeat(129)]: 1 } }, 400, "bad_name"],
      ["PATCH", "/session", { set: { ["x".repeat(128)]: 1 } }, 200, ""],
      ["PATCH", "/session", { unset: [""] }, 400, "bad_name", "body.unset.0"],
      ["PATCH", "/session", { set: { a: 1 }, unset: ["a"] }, 400, "bad_body", "body.unset"],
      ["PATCH", "/session", { set: [1] }, 400, "bad_body", "body.set"],
      ["PATCH", "/session", { set: { a: 1 }, more: 1 }, 400, "bad_body"],
      ["PATCH", "/session", '{"set":{"a":{"b":[1e400]}}}', 400, "bad_body", "body.set.a"],
      ["PATCH", "/session", "{", 400, "malformed_json"],
      ["PATCH", "/session", " ".repeat(256 * 1024 + 1), 413, "too_large"],
      ["PUT", "/session/cart/a", { quantity: 0 }, 400, "bad_body", "body.quantity"],
      ["PUT", "/session/cart/a", { quantity: 1 }, 200, ""],
      ["PUT", "/session/cart/a", { quantity: 999 }, 200, ""],
      ["PUT", "/session/cart/a", { quantity: 1_000 }, 400, "bad_body", "body.quantity"],
      ["PUT", "/session/cart/a", { quantity: 1.5 }, 400, "bad_body"],
      ["PUT", "/session/cart/a%20b", { quantity: 1 }, 400, "bad_name", "path.sku"],
      ["POST", "/session/rotate", { reason: "other" }, 400, "bad_body", "body.reason"],
      ["DELETE", "/sessions/a%20b", undefined, 400, "bad_name", "path.publicId"],
    ];
    for (const [method, path, body, status, code, at] of bad) {
      const reply = await browser.call(method, path, { body });
      const said = [reply.status, reply.body["code"] ?? ""];
      expect(said, String(JSON.stringify(body)).slice(0, 100)).toEqual([status, code]);
      if (at !== undefined) expect(reply.body["errors"]).toMatchObject([{ at }]);
    }
    const create = async (body: object) => (await openBrowser(service).signIn("", body)).body;
    expect(await create({})).toMatchObject({ code: "bad_name" });
    const userId = newUser();
    expect(await create({ userId, device: "" })).toMatchObject({ code: "bad_body" });
    expect(await create({ userId, device: "a\u0007" })).toMatchObject({ code: "bad_body" });
    expect(await create({ userId, device: "\ud800" })).toMatchObject({ code: "bad_body" });
    expect(await create({ userId, device: "📱".repeat(129) })).toMatchObject({ code: "bad_body" });
    expect(await create({ userId, device: "📱".repeat(128) })).toMatchObject({
      publicId: expect.any(String),
    });
  });
});
