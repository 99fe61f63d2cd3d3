import { Hono } from "hono";
import { afterAll, afterEach, beforeAll, beforeEach, describe, it } from "vitest";
import { startTestRedis, type TestRedis } from "../../local/testing/stores.ts";
import { checkNamed } from "./check.ts";
import { type InlinePolicy, type RateLimitOptions, rateLimit } from "./middleware.ts";
import { putPolicy } from "./policies.ts";
import { createStand, definitionOf, type Stand } from "./testing/stand.ts";

const HOUR_MS = 3_600_000;

let redis: TestRedis;
let stand: Stand;

beforeAll(async () => {
  redis = await startTestRedis();
});

afterAll(() => redis.stop());

beforeEach(() => {
  stand = createStand(redis);
});

afterEach(() => {
  redis.faults.clear();
});

const policy = (definition: Partial<InlinePolicy> = {}): InlinePolicy => ({
  name: "api",
  ...definitionOf({ limit: 2, windowMs: HOUR_MS, ...definition }),
  ...definition,
});

type Options = Omit<RateLimitOptions<object>, "access" | "policies">;

/** An app with one route behind the limiter, and how often that route ran. */
function appOf(policies: readonly InlinePolicy[], options: Options = {}) {
  let served = 0;
  const app = new Hono()
    .use(rateLimit({ access: () => stand.request(), policies, ...options }))
    .get("/", (c) => {
      served += 1;
      return c.text("served");
    });
  return {
    get served() {
      return served;
    },
    async get(headers: Record<string, string> = {}) {
      return await app.request("/", { headers });
    },
  };
}

describe("the middleware", () => {
  it("lets pass, then answers 429 without running the route", async ({ expect }) => {
    const app = appOf([policy()]);
    const first = await app.get();
    expect([first.status, await first.text()]).toEqual([200, "served"]);
    expect(first.headers.get("RateLimit")).toBe('"api";r=1;t=1800');
    await app.get();
    const refused = await app.get();
    expect(refused.status).toBe(429);
    expect(refused.headers.get("Content-Type")).toBe("application/problem+json");
    expect(refused.headers.get("Retry-After")).toBe("1800");
    expect(await refused.json()).toMatchObject({ code: "rate_limited", retryable: true });
    expect(app.served).toBe(2);
  });

  it("counts a verified key, then a user, then the address the edge saw, never a forwarded one", async ({
    expect,
  }) => {
    const app = appOf([policy({ limit: 1 })], {
      apiKey: (c) => c.req.header("X-Key"),
      user: (c) => c.req.header("X-User"),
    });
    const status = async (headers: Record<string, string>) => (await app.get(headers)).status;
    const address = { "CF-Connecting-IP": "2001:db8:1:2::1" };
    expect(await status(address)).toBe(200);
    expect(await status({ "CF-Connecting-IP": "2001:db8:1:2:ffff::2" })).toBe(429);
    expect(await status({ ...address, "X-Forwarded-For": "192.0.2.7" })).toBe(429);
    expect(await status({ ...address, "X-User": "ann" })).toBe(200);
    expect(await status({ "X-User": "ann" })).toBe(429);
    expect(await status({ "X-User": "ann", "X-Key": "k" })).toBe(200);
    expect(await status({ "X-Forwarded-For": "192.0.2.7" })).toBe(200);
    expect(await status({ "X-Forwarded-For": "192.0.2.8" })).toBe(429);
  });

  it("charges what a request costs, by every policy or none", async ({ expect }) => {
    const wide = policy({ name: "wide", limit: 100 });
    const app = appOf([wide, policy({ limit: 10 })], { cost: () => 6 });
    expect((await app.get()).status).toBe(200);
    const refused = await app.get();
    expect(refused.status).toBe(429);
    expect(refused.headers.get("RateLimit")).toMatch(/^"wide";r=94;t=\d+, "api";r=4;t=\d+$/);
  });

  it("answers in the words of the app when it is given them", async ({ expect }) => {
    const app = appOf([policy({ limit: 1 })], {
      onLimited: (c, retryAfterMs) => c.text(`wait ${retryAfterMs > 0}`, 429),
    });
    await app.get();
    const refused = await app.get();
    expect(await refused.text()).toBe("wait true");
    expect(refused.headers.get("Retry-After")).toBe("3600");
  });

  it("adds its headers also to a reply that cannot be changed, as fetch() gives them", async ({
    expect,
  }) => {
    const app = new Hono()
      .use(rateLimit({ access: () => stand.request(), policies: [policy()] }))
      .get("/", () => Response.redirect("http://upstream/", 302));
    const reply = await app.request("/");
    expect([reply.status, reply.headers.get("Location")]).toEqual([302, "http://upstream/"]);
    expect(reply.headers.get("RateLimit")).toBe('"api";r=1;t=1800');
  });

  it("counts by its own policies, whatever is stored under their names", async ({ expect }) => {
    const app = appOf([policy({ limit: 1 })], { user: () => "ann" });
    await putPolicy(stand.request(), "other", definitionOf());
    await putPolicy(stand.request(), "api", definitionOf({ limit: 1_000 }));
    const named = [{ policy: "api", key: "user:ann", cost: 1 }];
    expect(await checkNamed(stand.request(), named)).toMatchObject({ allowed: true });
    expect((await app.get()).headers.get("RateLimit")).toBe('"api";r=0;t=3600');
    expect((await app.get()).status).toBe(429);
  });

  it("is open or closed while the store does not answer", async ({ expect }) => {
    redis.faults.add({ target: "main", kind: "refuse" });
    const open = await appOf([policy({ onError: "open" })]).get();
    expect([open.status, open.headers.get("Kv-Limiter")]).toEqual([200, "fail-open"]);
    expect(open.headers.get("RateLimit")).toBeNull();
    const app = appOf([policy()]);
    const closed = await app.get();
    expect([closed.status, closed.headers.get("Retry-After"), app.served]).toEqual([503, "1", 0]);
    expect(await closed.json()).toMatchObject({ code: "limiter_unavailable" });
  });

  it("goes by the higher revision while two versions are deployed", async ({ expect }) => {
    const old = appOf([policy({ limit: 10 })]);
    const fresh = appOf([policy({ limit: 1, revision: 2 })]);
    expect((await old.get()).status).toBe(200);
    expect((await fresh.get()).status).toBe(429);
    stand = stand.another();
    expect((await old.get()).status).toBe(429);
  });

  it("cannot be made of policies that do not go together, nor asked beyond them", async ({
    expect,
  }) => {
    const fixed = policy({ name: "fixed", algorithm: "fixed-window" });
    expect(() => appOf([])).toThrow("one to eight");
    expect(() => appOf(Array.from({ length: 9 }, () => policy()))).toThrow("one to eight");
    expect(() => appOf([policy(), fixed])).toThrow("only gcra");
    expect(() => appOf([policy(), policy({ limit: 9 })])).toThrow("a name of its own");
    for (const name of ["", 'a"b', "ä"]) {
      expect(() => appOf([policy({ name })]), name).toThrow("a name of its own");
    }
    expect((await appOf([fixed]).get()).status).toBe(200);
    expect((await appOf([policy()], { cost: () => 3 }).get()).status).toBe(500);
    expect((await appOf([policy()], { cost: () => 0 }).get()).status).toBe(500);
    expect((await appOf([policy()], { cost: () => -1 }).get()).status).toBe(500);
    expect((await appOf([policy()]).get()).headers.get("RateLimit")).toBe('"api";r=1;t=1800');
  });
});
