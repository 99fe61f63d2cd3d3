import { setTimeout as sleep } from "node:timers/promises";
import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, it } from "vitest";
import { commandsOf, tripsOf } from "../../local/testing/measured.ts";
import { startTestRedis, type TestRedis } from "../../local/testing/stores.ts";
import { SESSION_POLICY } from "./policy.ts";
import { createCalls, nextCookie } from "./testing/calls.ts";
import { createStand, type Stand } from "./testing/stand.ts";

let redis: TestRedis;
let direct: Redis;
let stand: Stand;

const CLOCK_TOLERANCE_MS = 5_000;
const DAY_MS = 86_400_000;
const { idleMs, absoluteMs } = SESSION_POLICY;

beforeAll(async () => {
  redis = await startTestRedis();
  direct = new Redis(redis.port);
  stand = createStand(redis);
});

afterAll(async () => {
  direct.disconnect();
  await redis.stop();
});

const calls = () => createCalls(stand);

const trips = (work: () => Promise<unknown>) => tripsOf(redis, work);
const commands = (work: () => Promise<unknown>) => commandsOf(direct, work);

const cart = { changes: [{ kind: "add", name: "c:pen", value: 1 }], needsCart: true } as const;
const CALLS = {
  creation: (_: string) => calls().begin(),
  read: (cookie: string) => calls().read(cookie),
  "write of a field": (cookie: string) => calls().set(cookie, { a: 1 }),
  "add to the cart": (cookie: string) => calls().update(cookie, cart),
  rotation: (cookie: string) => calls().rotate(cookie),
  login: (cookie: string) => calls().rotate(cookie, "login"),
  list: (cookie: string) => calls().list(cookie),
  "end of the others": (cookie: string) => calls().endOthers(cookie),
  "end of one": (cookie: string) => calls().end(cookie, "x".repeat(22)),
  end: (cookie: string) => calls().end(cookie),
};

describe("a round trip is all that a call takes:", () => {
  for (const [name, call] of Object.entries(CALLS)) {
    it(name, async ({ expect }) => {
      // The first call of a script sends its source.
      await call(await calls().begin());
      const cookie = await calls().begin();
      expect(await trips(() => call(cookie))).toBe(1);
      expect(await stand.settled()).toBe(0);
    });
  }

  it("also with a cookie that has been rotated", async ({ expect }) => {
    const { begin, rotate, read, set } = calls();
    const cookie = await begin();
    await rotate(cookie);
    expect(await trips(() => read(cookie))).toBe(1);
    expect(await trips(() => set(cookie, { a: 1 }))).toBe(1);
  });

  it("and one more after the reply, once a session is past half of its idle limit", async ({
    expect,
  }) => {
    stand = createStand(redis, { policy: { idleMs: 2_000 } });
    const { begin, read } = calls();
    const cookie = await begin();
    await sleep(1_100);
    expect(await trips(() => read(cookie))).toBe(1);
    expect(await trips(() => stand.settled())).toBe(1);
    expect(await trips(() => read(cookie))).toBe(1);
    expect(await stand.settled()).toBe(0);
    stand = createStand(redis);
  });
});

describe("the commands that Redis runs", () => {
  it("are as few as the README says", async ({ expect }) => {
    const spent: Record<string, number> = {};
    for (const [name, call] of Object.entries(CALLS)) {
      await call(await calls().begin());
      const cookie = await calls().begin();
      spent[name] = await commands(() => call(cookie));
    }
    stand = createStand(redis, { policy: { idleMs: 2_000 } });
    const [read, edited] = [await calls().begin(), await calls().begin()];
    await sleep(1_100);
    await calls().read(read);
    spent["touch after a read"] = await commands(() => stand.settled());
    spent["touch in a write"] = await commands(() => calls().set(edited, { a: 1 }));
    stand = createStand(redis);
    expect(spent).toEqual({
      creation: 10,
      read: 5,
      "write of a field": 7,
      "add to the cart": 8,
      rotation: 7,
      login: 6,
      list: 5,
      "end of the others": 12,
      "end of one": 6,
      end: 7,
      "touch after a read": 9,
      "touch in a write": 11,
    });
  });
});

describe("what stays in the store", () => {
  it("is the session, its user and answers, each with an end", async ({ expect }) => {
    stand = createStand(redis);
    const { begin, set, update, rotate, endOthers, opened } = calls();
    const deadlineMs = 2_000;
    const cookie = await begin({ userId: "kept", idempotencyKey: "k" });
    await set(cookie, { a: 1 }, { deadlineMs });
    const caller = { idempotencyKey: "k", scope: "cart/pen/add" };
    await update(cookie, { ...cart, caller }, { deadlineMs });
    await endOthers(nextCookie(await rotate(cookie)), { deadlineMs });
    const { publicId, userHash } = opened(cookie);
    const found = new Map<string, number>();
    for (const key of await direct.keys(`${stand.instance}:*`)) {
      found.set(
        key.slice(`${stand.instance}:session-store:-:test:`.length),
        await direct.pttl(key),
      );
    }
    const expected = new Map<RegExp, number>([
      [new RegExp(`^session:${publicId}$`), idleMs],
      [new RegExp(`^user:${userHash}$`), absoluteMs],
      [/^creation:caller-sessions-k$/, DAY_MS + 10_000],
      [new RegExp(`^session:${publicId}:operation:caller-cart/pen/add-k$`), DAY_MS + deadlineMs],
      [new RegExp(`^session:${publicId}:operation:worker-[^:]+$`), deadlineMs + 900],
      [new RegExp(`^session:${publicId}:operation:worker-[^:]+$`), deadlineMs + 900],
    ]);
    expect(found.size).toBe(6);
    for (const [key, ttlMs] of found) {
      const [, wantedMs = 0] = [...expected].find(([pattern]) => pattern.test(key)) ?? [];
      expect(ttlMs, key).toBeGreaterThan(0);
      expect(Math.abs(ttlMs - wantedMs), `${key} ${ttlMs}`).toBeLessThan(CLOCK_TOLERANCE_MS);
    }
  });

  it("opens nothing: no token stands in it, and none can be made of it", async ({ expect }) => {
    stand = createStand(redis);
    const { begin, rotate, opened } = calls();
    const first = await begin({ idempotencyKey: "k" });
    const cookies = [first, nextCookie(await rotate(first)), await begin()];
    cookies.push(nextCookie(await rotate(cookies[2] ?? "", "login")));
    let stored = "";
    for (const key of await direct.keys(`${stand.instance}:*`)) {
      const isHash = (await direct.type(key)) === "hash";
      const value = isHash ? await direct.hgetall(key) : await direct.get(key);
      stored += `${key} ${JSON.stringify(value)}\n`;
    }
    for (const cookie of cookies) {
      expect(stored).toContain(opened(cookie).publicId);
      expect(stored).not.toContain(opened(cookie).token);
    }
  });

  it("is nothing of a session that has ended but its place among answers", async ({ expect }) => {
    stand = createStand(redis);
    const { begin, end } = calls();
    await end(await begin({ userId: "gone" }));
    const kept = (await direct.keys(`${stand.instance}:*`)).map((key) => key.split(":")[4]);
    expect(kept).toEqual(["creation"]);
  });
});
