import { setTimeout as sleep } from "node:timers/promises";
import { describe, inject, it } from "vitest";
import { sessionKeys } from "./keys.ts";
import { createCalls, nextCookie } from "./testing/calls.ts";
import { createStand } from "./testing/stand.ts";
import { withStoreClock } from "./testing/store-clock.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** A deployment whose store can be told that it is later. Keys stay: only the scripts judge. */
function timed(policy = {}) {
  let aheadMs = 0;
  const stand = createStand(inject("redis"), {
    wrap: (port) => withStoreClock(port, () => aheadMs),
    policy,
  });
  const later = (ms: number) => {
    aheadMs += ms;
    stand.setAhead(aheadMs);
  };
  return { stand, later, ...createCalls(stand) };
}

describe("the idle limit", () => {
  it("ends a session that nobody uses, by the store's clock", async ({ expect }) => {
    const { begin, lives, later } = timed();
    const cookie = await begin();
    later(29 * MINUTE_MS);
    expect(await lives(cookie)).toBe(true);
    const unused = await begin();
    later(30 * MINUTE_MS + 1_000);
    expect(await lives(unused)).toBe(false);
  });

  it("begins anew with a read past its half, and not before", async ({ expect }) => {
    const { begin, lives, later, stand, read } = timed();
    const cookie = await begin();
    later(14 * MINUTE_MS);
    await lives(cookie);
    expect(await stand.settled()).toBe(0);
    later(2 * MINUTE_MS);
    await lives(cookie);
    expect(await stand.settled()).toBe(1);
    const found = await read(cookie);
    if (found.kind !== "session") throw new Error("ended");
    const { lastSeenAtMs, createdAtMs, idleExpiresAtMs } = found.session;
    expect(lastSeenAtMs - createdAtMs).toBeGreaterThanOrEqual(16 * MINUTE_MS);
    expect(idleExpiresAtMs - lastSeenAtMs).toBe(30 * MINUTE_MS);
    later(29 * MINUTE_MS);
    expect(await lives(cookie)).toBe(true);
  });

  it("begins anew with a look at the list, and on a Worker whose clock is slow", async ({
    expect,
  }) => {
    const { begin, lives, later, stand, list, read } = timed();
    const [lister, reader] = [await begin(), await begin()];
    for (let i = 0; i < 3; i += 1) {
      later(20 * MINUTE_MS);
      await list(lister);
      expect(await stand.settled()).toBe(1);
      stand.setAhead((i + 1) * 20 * MINUTE_MS - MINUTE_MS);
      await read(reader);
      expect(await stand.settled()).toBe(1);
    }
    expect([await lives(lister), await lives(reader)]).toEqual([true, true]);
  });

  it("begins anew with a write past its half, in the list of sessions too", async ({ expect }) => {
    const { begin, lives, later, set, list, stand } = timed();
    const userId = "seen-user";
    const [cookie, other] = [await begin({ userId, device: "my phone" }), await begin({ userId })];
    later(16 * MINUTE_MS);
    await set(cookie, { a: 1 });
    await set(other, { a: 1 });
    later(20 * MINUTE_MS);
    expect(await lives(cookie)).toBe(true);
    await stand.settled();
    const listed = await list(cookie);
    if (listed.kind !== "sessions") throw new Error("ended");
    const [mine, theirs] = listed.devices;
    expect(mine).toMatchObject({ device: "my phone", isCurrent: true });
    expect((mine?.lastSeenAtMs ?? 0) - (mine?.createdAtMs ?? 0)).toBeGreaterThan(35 * MINUTE_MS);
    expect((theirs?.lastSeenAtMs ?? 0) - (theirs?.createdAtMs ?? 0)).toBeLessThan(17 * MINUTE_MS);
  });

  it("leaves a session that has ended out of the list and out of the bound", async ({ expect }) => {
    const { begin, create, later, list } = timed();
    const userId = "expired-user";
    for (let i = 0; i < 100; i += 1) await begin({ userId });
    expect((await create({ userId })).kind).toBe("too_many_sessions");
    later(31 * MINUTE_MS);
    const cookie = await begin({ userId });
    expect(await list(cookie)).toMatchObject({ devices: [{ isCurrent: true }] });
  });
});

describe("the absolute limit", () => {
  it("ends a session however much it is used", async ({ expect }) => {
    const { begin, lives, later, stand, read } = timed();
    const cookie = await begin();
    for (let passedMs = 0; passedMs < 12 * HOUR_MS - 20 * MINUTE_MS; passedMs += 20 * MINUTE_MS) {
      expect(await lives(cookie)).toBe(true);
      await stand.settled();
      later(20 * MINUTE_MS);
    }
    const found = await read(cookie);
    if (found.kind !== "session") throw new Error("ended");
    await stand.settled();
    later(19 * MINUTE_MS);
    const last = await read(cookie);
    expect(await stand.settled()).toBe(0);
    expect(last).toMatchObject({
      session: {
        idleExpiresAtMs: found.session.absoluteExpiresAtMs,
        absoluteExpiresAtMs: found.session.createdAtMs + 12 * HOUR_MS,
      },
    });
    later(2 * MINUTE_MS);
    expect(await lives(cookie)).toBe(false);
  });

  it("is not moved by a rotation", async ({ expect }) => {
    const { begin, lives, later, rotate } = timed({ absoluteMs: HOUR_MS, idleMs: 2 * HOUR_MS });
    const cookie = await begin();
    later(50 * MINUTE_MS);
    const next = nextCookie(await rotate(cookie));
    const login = nextCookie(await rotate(next, "login"));
    later(11 * MINUTE_MS);
    expect(await lives(login)).toBe(false);
  });
});

describe("the grace of a rotated token", () => {
  it("ends by the store's clock, and use does not lengthen it", async ({ expect }) => {
    const { begin, lives, later, rotate, set, stand } = timed();
    const old = await begin();
    later(20 * MINUTE_MS);
    const next = nextCookie(await rotate(old));
    later(29_000);
    expect(await lives(old)).toBe(true);
    expect(await set(old, { a: 1 })).toMatchObject({ kind: "done", cookie: next });
    await stand.settled();
    later(2_000);
    expect(await lives(old)).toBe(false);
    expect(await rotate(old)).toEqual({ kind: "no_session" });
    expect(await lives(next)).toBe(true);
  });
});

describe("the store's own expiry", () => {
  it("keeps the epoch for as long as a session can live, from when it was raised", async ({
    expect,
  }) => {
    const { begin, later, endOthers, opened, stand } = timed();
    const cookie = await begin();
    const keys = sessionKeys({ instance: stand.instance, tenant: "test" }, opened(cookie));
    const leftMs = async () => Number(await stand.request().redis.command(["PTTL", keys.user]));
    expect(Math.abs((await leftMs()) - 12 * HOUR_MS)).toBeLessThan(5_000);
    later(10 * MINUTE_MS);
    await endOthers(cookie);
    expect(Math.abs((await leftMs()) - 12 * HOUR_MS - 10 * MINUTE_MS)).toBeLessThan(5_000);
  });

  it("removes what has ended, without anybody asking", async ({ expect }) => {
    const stand = createStand(inject("redis"), { policy: { idleMs: 1_200, absoluteMs: 2_400 } });
    const { begin, lives } = createCalls(stand);
    const cookie = await begin();
    await sleep(800);
    expect(await lives(cookie)).toBe(true);
    await stand.settled();
    await sleep(800);
    expect(await lives(cookie)).toBe(true);
    await stand.settled();
    await sleep(1_000);
    expect(await lives(cookie)).toBe(false);
    const { redis } = stand.request();
    expect(await redis.command(["KEYS", `${stand.instance}:*:session:*`])).toEqual([]);
    expect(await redis.command(["KEYS", `${stand.instance}:*:user:*`])).toEqual([]);
  });
});
