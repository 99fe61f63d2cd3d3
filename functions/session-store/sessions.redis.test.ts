import { describe, inject, it } from "vitest";
import { createCalls, nextCookie } from "./testing/calls.ts";
import { createStand } from "./testing/stand.ts";

const stand = createStand(inject("redis"));
const { begin, create, read, set, update, rotate, list, end, endOthers, lives, opened } =
  createCalls(stand);

const AN_HOUR_MS = 3_600_000;

describe("a session", () => {
  it("begins with what it was given, and reads back so", async ({ expect }) => {
    const nowMs = Date.now();
    const cookie = await begin({ userId: "ann", data: [["theme", '"dark"']] });
    const found = await read(cookie);
    expect(found).toEqual({
      kind: "session",
      cookie: null,
      session: {
        publicId: opened(cookie).publicId,
        userId: "ann",
        data: [["theme", '"dark"']],
        cart: [],
        version: "1",
        createdAtMs: expect.any(Number),
        lastSeenAtMs: expect.any(Number),
        idleExpiresAtMs: expect.any(Number),
        absoluteExpiresAtMs: expect.any(Number),
      },
    });
    if (found.kind !== "session") return;
    const { createdAtMs, lastSeenAtMs, idleExpiresAtMs, absoluteExpiresAtMs } = found.session;
    expect(Math.abs(createdAtMs - nowMs)).toBeLessThan(5_000);
    expect(lastSeenAtMs).toBe(createdAtMs);
    expect(idleExpiresAtMs - createdAtMs).toBe(AN_HOUR_MS / 2);
    expect(absoluteExpiresAtMs - createdAtMs).toBe(12 * AN_HOUR_MS);
  });

  it("changes just the fields that a write names", async ({ expect }) => {
    const cookie = await begin();
    expect(await set(cookie, { a: 1, b: 2 })).toMatchObject({ kind: "done", version: "2" });
    expect(await set(cookie, { b: 3 })).toMatchObject({ version: "3" });
    await update(cookie, { changes: [{ kind: "unset", name: "d:a" }] });
    expect(await read(cookie)).toMatchObject({ session: { data: [["b", "3"]], version: "4" } });
  });

  it("keeps its version when a write changes nothing", async ({ expect }) => {
    const cookie = await begin();
    await set(cookie, { a: 1 });
    expect(await set(cookie, { a: 1 })).toMatchObject({ kind: "done", version: "2" });
    const unset = { changes: [{ kind: "unset", name: "d:x" }] } as const;
    expect(await update(cookie, unset)).toMatchObject({ kind: "done", version: "2" });
  });

  it("is changed only at the version that was asked for", async ({ expect }) => {
    const cookie = await begin();
    const wish = (version: string) =>
      ({ changes: [{ kind: "set", name: "d:a", value: "1" }], version }) as const;
    expect(await update(cookie, wish("7"))).toMatchObject({ kind: "version", version: "1" });
    expect(await update(cookie, wish("1"))).toMatchObject({ kind: "done", version: "2" });
    expect(await update(cookie, wish("1"))).toMatchObject({ kind: "version", version: "2" });
  });

  it("has a cart that is counted by article", async ({ expect }) => {
    const cookie = await begin();
    const add = (value: number) =>
      update(cookie, { changes: [{ kind: "add", name: "c:pen", value }], needsCart: true });
    expect(await add(2)).toMatchObject({ cart: [["pen", 2]] });
    await update(cookie, { changes: [{ kind: "set", name: "c:cup", value: "9" }] });
    expect(await add(3)).toMatchObject({
      cart: [
        ["cup", 9],
        ["pen", 5],
      ],
    });
    expect(await add(995)).toMatchObject({ kind: "quantity_range" });
    expect(await add(994)).toMatchObject({ kind: "done" });
    await update(cookie, { changes: [{ kind: "unset", name: "c:cup" }] });
    expect(await read(cookie)).toMatchObject({ session: { cart: [["pen", 999]] } });
  });
});

describe("a session that has ended", () => {
  it("is read, changed, rotated, listed and ended by nobody", async ({ expect }) => {
    const cookie = await begin();
    expect(await end(cookie)).toEqual({ kind: "ended" });
    const none = { kind: "no_session" };
    expect(await read(cookie)).toEqual(none);
    expect(await set(cookie, { a: 1 })).toEqual(none);
    expect(await rotate(cookie)).toEqual(none);
    expect(await rotate(cookie, "login")).toEqual(none);
    expect(await list(cookie)).toEqual(none);
    expect(await endOthers(cookie)).toEqual(none);
    expect(await end(cookie)).toEqual(none);
  });
});

describe("a rotation", () => {
  it("leaves the old token working for the grace, with one successor", async ({ expect }) => {
    const old = await begin({ data: [["a", "1"]] });
    const next = nextCookie(await rotate(old));
    expect(next).not.toBe(old);
    expect(nextCookie(await rotate(old))).toBe(next);
    expect(await read(old)).toMatchObject({ session: { data: [["a", "1"]] }, cookie: next });
    expect(await set(old, { b: 2 })).toMatchObject({ kind: "done", cookie: next });
    expect(await read(next)).toMatchObject({
      cookie: null,
      session: {
        data: [
          ["a", "1"],
          ["b", "2"],
        ],
      },
    });
    expect(await list(old)).toMatchObject({ cookie: next });
  });

  it("at a login ends every token before it at once", async ({ expect }) => {
    const first = await begin();
    const second = nextCookie(await rotate(first));
    const third = nextCookie(await rotate(second, "login"));
    expect([await lives(first), await lives(second), await lives(third)]).toEqual([
      false,
      false,
      true,
    ]);
  });

  it("at a login takes a token within its grace, and ends its successor", async ({ expect }) => {
    const first = await begin();
    const second = nextCookie(await rotate(first));
    const third = nextCookie(await rotate(first, "login"));
    expect([await lives(first), await lives(second), await lives(third)]).toEqual([
      false,
      false,
      true,
    ]);
  });
});

describe("the sessions of a user", () => {
  it("are listed in the order in which they began, to each of them", async ({ expect }) => {
    const userId = "list-user";
    const phone = await begin({ userId, device: "phone 1" });
    const laptop = await begin({ userId });
    await begin({ userId: "somebody-else" });
    expect(await list(laptop)).toEqual({
      kind: "sessions",
      cookie: null,
      devices: [
        {
          publicId: opened(phone).publicId,
          device: "phone 1",
          createdAtMs: expect.any(Number),
          lastSeenAtMs: expect.any(Number),
          isCurrent: false,
        },
        {
          publicId: opened(laptop).publicId,
          device: null,
          createdAtMs: expect.any(Number),
          lastSeenAtMs: expect.any(Number),
          isCurrent: true,
        },
      ],
    });
  });

  it("end one another, and nobody else's", async ({ expect }) => {
    const userId = "end-user";
    const [a, b] = [await begin({ userId }), await begin({ userId })];
    const foreign = await begin({ userId: "foreign" });
    expect(await end(a, opened(b).publicId)).toEqual({ kind: "ended" });
    expect(await end(a, opened(b).publicId)).toEqual({ kind: "ended" });
    expect(await end(a, opened(foreign).publicId)).toEqual({ kind: "ended" });
    expect([await lives(a), await lives(b), await lives(foreign)]).toEqual([true, false, true]);
    expect(await list(a)).toMatchObject({ devices: [{ isCurrent: true }] });
  });

  it("all end but the one that asks", async ({ expect }) => {
    const userId = "all-user";
    const mine = await begin({ userId });
    const others = [await begin({ userId }), await begin({ userId })];
    expect(await endOthers(mine)).toEqual({ kind: "ended", ended: 2, cookie: null });
    for (const other of others) expect(await lives(other)).toBe(false);
    expect(await lives(mine)).toBe(true);
    expect(await lives(await begin({ userId }))).toBe(true);
    expect(await endOthers(mine)).toMatchObject({ ended: 1 });
  });

  it("are as many as the bound, and then no more until one ends", async ({ expect }) => {
    const userId = "full-user";
    const cookies: string[] = [];
    for (let i = 0; i < 100; i += 1) cookies.push(await begin({ userId }));
    const refused = { kind: "too_many_sessions", isReplay: false };
    expect(await create({ userId, idempotencyKey: "full" })).toEqual(refused);
    const again = await create({ userId, idempotencyKey: "full" });
    expect(again).toEqual({ ...refused, isReplay: true });
    await end(cookies[0] ?? "");
    expect(await create({ userId })).toMatchObject({ kind: "created" });
    expect(await create({ userId })).toMatchObject({ kind: "too_many_sessions" });
  });
});
