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
  return `worker-test-${Date.now()}-${users}`;
};

async function signedIn(more: object = {}, userId = newUser()): Promise<Browser> {
  const browser = openBrowser(service);
  const { status } = await browser.signIn(userId, more);
  if (status !== 201) throw new Error(`not signed in: ${status}`);
  return browser;
}

describe("a session over HTTP", () => {
  it("begins with an API key and goes on with the cookie alone", async ({ expect }) => {
    const browser = openBrowser(service);
    const userId = newUser();
    const data = { theme: "dark", n: 1.5, list: [1, null] };
    const begun = await browser.signIn(userId, { data, device: "Ann’s phone 📱" });
    expect(begun.status).toBe(201);
    expect(begun.body).toEqual({
      publicId: expect.stringMatching(/^[A-Za-z0-9_-]{22}$/),
      createdAt: expect.any(Number),
      idleExpiresAt: expect.any(Number),
      absoluteExpiresAt: expect.any(Number),
    });
    expect(begun.headers.get("Set-Cookie")).toMatch(
      /^__Host-sid=1\+new\+test\+[0-9a-f]{32}\+[\w-]{22}\+[\w-]{43}\+[\w-]{43}; Max-Age=43200; Path=\/; HttpOnly; Secure; SameSite=Lax$/,
    );
    const read = await browser.call("GET", "/session");
    expect(read.status).toBe(200);
    expect(read.body).toEqual({
      ...begun.body,
      userId,
      data: { theme: "dark", n: 1.5, list: [1, null] },
      cart: {},
      version: "1",
      lastSeenAt: begun.body["createdAt"],
    });
    expect(read.headers.get("ETag")).toBe('"1"');
    expect(read.headers.get("Cache-Control")).toBe("no-store");
    expect(read.headers.get("Vary")).toBe("Cookie");
    expect(read.headers.get("Set-Cookie")).toBeNull();
  });

  it("is not said to be over to who comes with a cookie that it has left behind", async ({
    expect,
  }) => {
    const browser = await signedIn();
    const { cookie: old } = browser;
    const { body } = await browser.call("POST", "/session/rotate", { body: { reason: "login" } });
    const headers = { Cookie: old };
    for (const path of ["/session", `/sessions/${body["publicId"]}`, "/sessions/another"]) {
      const out = await browser.call("DELETE", path, { headers });
      expect(out).toMatchObject({ status: 401, body: { outcome: "not_applied" } });
      expect(out.headers.getSetCookie()).toEqual([]);
    }
    expect(await browser.call("GET", "/session")).toMatchObject({ status: 200 });
    expect(await browser.call("DELETE", "/session")).toMatchObject({ status: 204 });
    expect(await browser.call("DELETE", "/session", { headers })).toMatchObject({ status: 204 });
  });

  it("keeps a field whatever it is called", async ({ expect }) => {
    const browser = await signedIn();
    const body = '{"set":{"__proto__":{"a":1},"constructor":2,"a:b@c~d":3}}';
    expect(await browser.call("PATCH", "/session", { body })).toMatchObject({ status: 200 });
    const { body: session } = await browser.call("GET", "/session");
    expect(JSON.stringify(session["data"])).toBe(
      '{"__proto__":{"a":1},"a:b@c~d":3,"constructor":2}',
    );
  });

  it("changes fields, at the version that is wanted", async ({ expect }) => {
    const browser = await signedIn({ data: { a: 1 } });
    const patched = await browser.call("PATCH", "/session", { body: { set: { b: [2] } } });
    expect(patched).toMatchObject({ status: 200, body: { version: "2" } });
    expect(patched.headers.get("ETag")).toBe('"2"');
    const stale = await browser.call("PATCH", "/session", {
      body: { unset: ["a"] },
      headers: { "If-Match": '"1"' },
    });
    expect(stale).toMatchObject({
      status: 412,
      body: { code: "precondition_failed", outcome: "not_applied" },
    });
    expect(stale.headers.get("ETag")).toBe('"2"');
    const fresh = await browser.call("PATCH", "/session", {
      body: { set: {}, unset: ["a"] },
      headers: { "If-Match": 'W/"2"' },
    });
    expect(fresh).toMatchObject({ status: 200, body: { version: "3" } });
    for (const tag of ["*", '"3"']) {
      const odd = { body: { set: { b: 9 } }, headers: { "If-None-Match": tag } };
      const refused = await browser.call("PATCH", "/session", odd);
      expect(refused).toMatchObject({ status: 400, body: { code: "bad_header" } });
    }
    const any = { body: { set: {} }, headers: { "If-Match": "*" } };
    expect(await browser.call("PATCH", "/session", any)).toMatchObject({ status: 200 });
    expect(await browser.call("GET", "/session")).toMatchObject({ body: { data: { b: [2] } } });
  });

  it("has a cart", async ({ expect }) => {
    const browser = await signedIn();
    const put = await browser.call("PUT", "/session/cart/pen", { body: { quantity: 2 } });
    expect(put).toMatchObject({ status: 200, body: { cart: { pen: 2 } } });
    const add = (quantity: number, headers = {}) =>
      browser.call("POST", "/session/cart/cup/add", { body: { quantity }, headers });
    expect(await add(3)).toMatchObject({ status: 200, body: { cart: { cup: 3, pen: 2 } } });
    const key = { "Idempotency-Key": "k1" };
    expect(await add(4, key)).toMatchObject({ body: { cart: { cup: 7, pen: 2 } } });
    await browser.call("DELETE", "/session/cart/pen");
    const again = await add(4, key);
    expect(again.body).toEqual({ cart: { cup: 7, pen: 2 } });
    expect(again.headers.get("Idempotency-Replayed")).toBe("true");
    expect(await add(5, key)).toMatchObject({
      status: 422,
      body: { code: "idempotency_mismatch" },
    });
    expect(await add(993)).toMatchObject({ status: 422, body: { code: "quantity_range" } });
    expect(await browser.call("DELETE", "/session/cart/none")).toMatchObject({ status: 204 });
    expect(await browser.call("GET", "/session")).toMatchObject({ body: { cart: { cup: 7 } } });
  });

  it("gets another cookie, and an old one that still works is told so", async ({ expect }) => {
    const browser = await signedIn();
    const old = browser.cookie;
    const rotated = await browser.call("POST", "/session/rotate");
    expect(rotated.status).toBe(200);
    const next = browser.cookie;
    expect(next).not.toBe(old);
    browser.cookie = old;
    expect(await browser.call("PATCH", "/session", { body: { set: { a: 1 } } })).toMatchObject({
      status: 200,
    });
    expect(browser.cookie).toBe(next);
    const login = await browser.call("POST", "/session/rotate", { body: { reason: "login" } });
    expect(login.status).toBe(200);
    expect(await browser.call("GET", "/session")).toMatchObject({ body: { data: { a: 1 } } });
    for (const cookie of [old, next]) {
      browser.cookie = cookie;
      const ended = await browser.call("GET", "/session");
      expect(ended).toMatchObject({ status: 401, body: { code: "no_session" } });
      expect(ended.headers.get("Set-Cookie")).toBeNull();
    }
  });

  it("ends, and ends again", async ({ expect }) => {
    const browser = await signedIn();
    const { cookie } = browser;
    const ended = await browser.call("DELETE", "/session");
    expect(ended.status).toBe(204);
    expect(ended.headers.get("Set-Cookie")).toBe(
      "__Host-sid=; Max-Age=0; Path=/; HttpOnly; Secure; SameSite=Lax",
    );
    expect(browser.cookie).toBe("");
    browser.cookie = cookie;
    expect(await browser.call("GET", "/session")).toMatchObject({ status: 401 });
    browser.cookie = cookie;
    expect(await browser.call("DELETE", "/session")).toMatchObject({ status: 204 });
  });

  it("is one of several, which see and end each other", async ({ expect }) => {
    const userId = newUser();
    const [a, b, c] = [
      await signedIn({ device: "a" }, userId),
      await signedIn({}, userId),
      await signedIn({}, userId),
    ];
    const listed = await a.call("GET", "/sessions");
    const sessions = listed.body["sessions"] as { publicId: string; device: string | null }[];
    expect(sessions).toHaveLength(3);
    expect(sessions[0]).toEqual({
      publicId: expect.any(String),
      device: "a",
      createdAt: expect.any(Number),
      lastSeenAt: expect.any(Number),
      current: true,
    });
    expect(await a.call("DELETE", `/sessions/${sessions[1]?.publicId}`)).toMatchObject({
      status: 204,
    });
    expect(await b.call("GET", "/session")).toMatchObject({ status: 401 });
    expect(await a.call("DELETE", "/sessions")).toMatchObject({ status: 200, body: { ended: 1 } });
    expect(await c.call("GET", "/session")).toMatchObject({ status: 401 });
    const { cookie } = a;
    expect(await a.call("DELETE", `/sessions/${sessions[0]?.publicId}`)).toMatchObject({
      status: 204,
    });
    expect(a.cookie).toBe("");
    a.cookie = cookie;
    expect(await a.call("GET", "/session")).toMatchObject({ status: 401 });
  });

  it("is created once for one Idempotency-Key, with the same cookie", async ({ expect }) => {
    const browser = openBrowser(service);
    const [userId, headers] = [newUser(), { "Idempotency-Key": newUser() }];
    const first = await browser.signIn(userId, { data: { a: 1 } }, headers);
    const { cookie } = browser;
    const again = await browser.signIn(userId, { data: { a: 1 } }, headers);
    expect(again).toMatchObject({ status: 201, body: first.body });
    expect(again.headers.get("Idempotency-Replayed")).toBe("true");
    expect(browser.cookie).toBe(cookie);
    expect(await browser.call("GET", "/session")).toMatchObject({ status: 200 });
    const other = await browser.signIn(userId, { data: { a: 2 } }, headers);
    expect(other).toMatchObject({ status: 422, body: { code: "idempotency_mismatch" } });
  });
});

describe("who may not", () => {
  it("is told 401 without a store being asked", async ({ expect }) => {
    const browser = await signedIn();
    const own = browser.cookie;
    const tampered = own.replace(/\+test\+/, "+tess+");
    const cookies = ["", "__Host-sid=", "__Host-sid=x", tampered, own.slice(0, -1), `${own}x`];
    cookies.push(`${own}; __Host-sid=other`, own.replace("__Host-sid", "sid"), "a=b");
    for (const cookie of cookies) {
      const { status, body, headers } = await browser.call("GET", "/session", {
        headers: { Cookie: cookie },
      });
      expect([cookie, status, body["code"]]).toEqual([cookie, 401, "no_session"]);
      expect(headers.get("Kv-Cost")).toBe("trips=0, requests=0");
      expect(headers.get("Set-Cookie")).toBeNull();
    }
  });

  it("is told 403 for a call that changes something from elsewhere", async ({ expect }) => {
    const browser = await signedIn();
    for (const origin of [
      "",
      "null",
      "https://evil.test",
      "https://worker.test.evil",
      "http://worker.test",
    ]) {
      for (const [method, path] of [
        ["PATCH", "/session"],
        ["DELETE", "/session"],
        ["POST", "/session/rotate"],
        ["PUT", "/session/cart/a"],
        ["DELETE", "/sessions"],
      ] as const) {
        const reply = await browser.call(method, path, { headers: { Origin: origin } });
        expect([origin, reply.status, reply.body["code"]]).toEqual([origin, 403, "bad_origin"]);
        expect(reply.body["outcome"]).toBe("not_applied");
      }
      const read = await browser.call("GET", "/session", { headers: { Origin: origin } });
      expect([origin, read.status]).toEqual([origin, 200]);
    }
  });

  it("begins no session without an API key", async ({ expect }) => {
    const browser = await signedIn();
    const reply = await browser.call("POST", "/sessions", { body: { userId: "ann" } });
    expect(reply).toMatchObject({ status: 401, body: { code: "unauthorized" } });
  });
});
