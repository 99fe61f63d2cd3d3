import { Hono } from "hono";
import { describe, inject, it } from "vitest";
import { UpstreamError } from "../../shared/kernel/errors.ts";
import { type SessionVariables, session, signIn } from "./middleware.ts";
import { createCalls, nextCookie } from "./testing/calls.ts";
import { createStand, type Stand } from "./testing/stand.ts";
import { createTap } from "./testing/tap.ts";

const ORIGIN = "https://shop.test";
const tap = createTap(() => createStand(inject("redis")).request().redis);
const stand = createStand(inject("redis"), { wrap: tap.wrap });
const { read, end, rotate } = createCalls(stand);

/** An app that has nothing of this project but the middleware. */
function shop(at: Stand = stand) {
  const app = new Hono<{ Variables: SessionVariables }>();
  app.post("/sign-in", async (c) => {
    const { userId } = await c.req.json<{ userId: string }>();
    const wish = { tenant: "shop", userId, data: [], device: null, idempotencyKey: null };
    const { kind } = await signIn(c, at.request(), wish);
    return c.text(kind);
  });
  app.use("/my/*", session({ access: () => at.request(), origins: ["https://app.shop.test"] }));
  app.get("/my/page", (c) =>
    c.json({ user: c.get("session").userId, n: c.get("session").get("n") }),
  );
  app.post("/my/n/:n", (c) => {
    c.get("session").set("n", Number(c.req.param("n")));
    c.header("Set-Cookie", "mine=1");
    return c.body(null, 204);
  });
  app.post("/my/broken", (c) => {
    c.get("session").set("n", "never");
    throw new Error("broken");
  });
  app.post("/my/large", (c) => {
    c.get("session").set("large", "x".repeat(16_384));
    return c.text("stored");
  });
  app.post("/my/odd", (c) => {
    c.get("session").set("odd", undefined);
    return c.text("stored");
  });
  app.post("/my/login", async (c) => {
    c.get("session").set("n", "before");
    await c.get("session").rotate("login");
    c.get("session").unset("none");
    return c.text("in");
  });
  app.post("/my/out", async (c) => {
    c.get("session").set("n", "lost");
    await c.get("session").end();
    return c.text("out");
  });
  app.onError((_, c) => c.text("broken", 500));
  return app;
}

const app = shop();

async function visitor() {
  let cookie = "";
  const call = async (method: string, path: string, headers: Record<string, string> = {}) => {
    const all = new Headers({ Origin: ORIGIN, Cookie: cookie, ...headers });
    if (all.get("Origin") === "") all.delete("Origin");
    const reply = await app.request(`${ORIGIN}${path}`, {
      method,
      headers: all,
      ...(path === "/sign-in" ? { body: JSON.stringify({ userId: "ann" }) } : {}),
    });
    const set = reply.headers.getSetCookie().find((one) => one.startsWith("__Host-sid="));
    if (set !== undefined) cookie = set.split(";")[0] ?? "";
    return { status: reply.status, text: await reply.text(), headers: reply.headers };
  };
  await call("POST", "/sign-in");
  return { call, text: () => cookie.replace("__Host-sid=", "") };
}

describe("sessions in an app of their own", () => {
  it("are read before a route and stored before its answer", async ({ expect }) => {
    const { call } = await visitor();
    const before = tap.sent;
    const page = await call("GET", "/my/page");
    expect(page).toMatchObject({ status: 200, text: '{"user":"ann"}' });
    expect(tap.sent - before).toBe(1);
    expect(page.headers.get("Cache-Control")).toBe("no-store");
    expect(page.headers.get("Vary")).toBe("Cookie");
    const posted = await call("POST", "/my/n/7");
    expect(posted.status).toBe(204);
    expect(posted.headers.getSetCookie()).toEqual(["mine=1"]);
    expect(tap.sent - before).toBe(3);
    expect(await call("GET", "/my/page")).toMatchObject({ text: '{"user":"ann","n":7}' });
  });

  it("are left as they were by a route that throws", async ({ expect }) => {
    const { call } = await visitor();
    await call("POST", "/my/n/7");
    expect(await call("POST", "/my/broken")).toMatchObject({ status: 500 });
    expect(await call("POST", "/my/odd")).toMatchObject({ status: 500 });
    expect(await call("GET", "/my/page")).toMatchObject({ text: '{"user":"ann","n":7}' });
  });

  it("answer instead of a route whose changes cannot be stored", async ({ expect }) => {
    const { call, text } = await visitor();
    const large = await call("POST", "/my/large");
    expect(large).toMatchObject({ status: 413 });
    expect(JSON.parse(large.text)).toMatchObject({ code: "too_large" });
    let isRead = false;
    tap.beforeNext(async () => {
      isRead = true;
      tap.beforeNext(() => end(text()));
    });
    const ended = await call("POST", "/my/n/7");
    expect(isRead).toBe(true);
    expect(ended).toMatchObject({ status: 401 });
    expect(JSON.parse(ended.text)).toMatchObject({ code: "no_session" });
  });

  it("rotate and end where a route says so", async ({ expect }) => {
    const { call, text } = await visitor();
    const old = text();
    expect(await call("POST", "/my/login")).toMatchObject({ status: 200 });
    expect(text()).not.toBe(old);
    expect(await read(old)).toEqual({ kind: "no_session" });
    expect(await read(text())).toMatchObject({ session: { data: [["n", '"before"']] } });
    const present = text();
    const out = await call("POST", "/my/out");
    expect(out).toMatchObject({ status: 200, text: "out" });
    expect(out.headers.getSetCookie()[0]).toMatch(/^__Host-sid=; Max-Age=0;/);
    expect(await read(present)).toEqual({ kind: "no_session" });
  });

  it("refuse who has none, and who comes from elsewhere", async ({ expect }) => {
    const { call } = await visitor();
    const codeOf = async (method: string, headers: Record<string, string>) => {
      const { status, text } = await call(
        method,
        method === "GET" ? "/my/page" : "/my/n/1",
        headers,
      );
      return status < 300 ? status : `${status} ${JSON.parse(text).code}`;
    };
    expect(await codeOf("GET", { Cookie: "" })).toBe("401 no_session");
    expect(await codeOf("GET", { Cookie: "__Host-sid=1+forged" })).toBe("401 no_session");
    expect(await codeOf("GET", { Origin: "https://evil.test" })).toBe(200);
    expect(await codeOf("POST", { Origin: "https://evil.test" })).toBe("403 bad_origin");
    expect(await codeOf("POST", { Origin: "" })).toBe("403 bad_origin");
    expect(await codeOf("POST", { Origin: "https://app.shop.test" })).toBe(204);
  });

  it("are kept from caches, whatever a route or the app answers with", async ({ expect }) => {
    const { text } = await visitor();
    const own = new Hono<{ Variables: SessionVariables }>();
    const onNoSession = () => new Response("nobody", { headers: { Vary: "Accept" } });
    own.use(session({ access: () => stand.request(), onNoSession }));
    own.get("/", () => new Response("private"));
    own.get("/own", (c) => c.text("own", 200, { "Cache-Control": "private", Vary: "Cookie" }));
    const headersOf = async (path: string, headers: Record<string, string> = {}) => {
      const reply = await own.request(ORIGIN + path, { headers });
      return [reply.headers.get("Cache-Control"), reply.headers.get("Vary")];
    };
    const Cookie = `__Host-sid=${text()}`;
    expect(await headersOf("/", { Cookie })).toEqual(["no-store", "Cookie"]);
    expect(await headersOf("/own", { Cookie })).toEqual(["private", "Cookie"]);
    expect(await headersOf("/")).toEqual(["no-store", "Accept, Cookie"]);
  });

  it("keep what they answer themselves from caches, whatever the route had said", async ({
    expect,
  }) => {
    const { text } = await visitor();
    const own = new Hono<{ Variables: SessionVariables }>();
    own.get("/in", async (c) => {
      const wish = { tenant: "shop", userId: "ann", data: [], device: null, idempotencyKey: null };
      await signIn(c, stand.request(), wish);
      return c.text("in");
    });
    own.use(session({ access: () => stand.request() }));
    own.get("/", (c) => {
      c.get("session").set("large", "x".repeat(16_384));
      c.header("Cache-Control", "public, max-age=60");
      return c.text("public");
    });
    const refused = await own.request(`${ORIGIN}/`, {
      headers: { Cookie: `__Host-sid=${text()}` },
    });
    expect([refused.status, refused.headers.get("Cache-Control")]).toEqual([413, "no-store"]);
    const begun = await own.request(`${ORIGIN}/in`);
    expect(begun.headers.get("Cache-Control")).toBe("no-store");
    expect(begun.headers.getSetCookie()).toHaveLength(1);
  });

  it("hand out no cookie that a login has left behind", async ({ expect }) => {
    const { call, text } = await visitor();
    const next = nextCookie(await rotate(text()));
    expect((await call("GET", "/my/page")).headers.getSetCookie()[0]).toContain(next);
    const { call: slow, text: old } = await visitor();
    const present = nextCookie(await rotate(old()));
    tap.beforeNext(async () => tap.beforeNext(() => rotate(present, "login")));
    const late = await slow("POST", "/my/n/1");
    expect([late.status, late.headers.getSetCookie()]).toEqual([401, ["mine=1"]]);
  });

  it("do not pretend to sign out a session that a login has taken along", async ({ expect }) => {
    const { call, text } = await visitor();
    const login = { cookie: "" };
    tap.beforeNext(async () =>
      tap.beforeNext(async () => {
        login.cookie = nextCookie(await rotate(text(), "login"));
      }),
    );
    const out = await call("POST", "/my/out");
    expect([out.status, out.headers.getSetCookie()]).toEqual([401, []]);
    expect(await read(login.cookie)).toMatchObject({ kind: "session" });
  });

  it("send who has none where the app says", async ({ expect }) => {
    const own = new Hono<{ Variables: SessionVariables }>();
    own.use(session({ access: () => stand.request(), onNoSession: (c) => c.redirect("/in") }));
    own.get("/", (c) => c.text("in"));
    expect((await own.request(`${ORIGIN}/`)).headers.get("Location")).toBe("/in");
  });

  it("are unavailable, and never ended, when the store does not answer", async ({ expect }) => {
    const { text } = await visitor();
    const dead = stand.another({ wrap: (port) => ({ ...port, script: failing }) });
    const reply = await shop(dead).request(`${ORIGIN}/my/page`, {
      headers: { Cookie: `__Host-sid=${text()}` },
    });
    expect(reply.status).toBe(503);
    expect(reply.headers.get("Retry-After")).toBe("1");
    expect(await reply.json()).toMatchObject({ code: "store_unavailable", retryable: true });
  });
});

async function failing(): Promise<never> {
  throw new UpstreamError({ dependency: "redis", fault: "circuit_open", outcome: "not_applied" });
}
