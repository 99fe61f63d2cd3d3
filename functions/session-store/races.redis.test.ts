import { describe, inject, it } from "vitest";
import { sessionKeys } from "./keys.ts";
import { createCalls, nextCookie } from "./testing/calls.ts";
import { createStand, NEW_SECRET, OLD_SECRET } from "./testing/stand.ts";
import { withStoppedClock } from "./testing/store-clock.ts";
import { createTap } from "./testing/tap.ts";

const tap = createTap(() => createStand(inject("redis")).request().redis);
const stand = createStand(inject("redis"), { wrap: tap.wrap });
const { begin, create, read, set, update, rotate, end, endOthers, lives, opened } =
  createCalls(stand);

const NO_SESSION = { kind: "no_session" };
const cartOf = async (cookie: string) => {
  const found = await read(cookie);
  return found.kind === "session" ? found.session.cart : found.kind;
};
const dataOf = async (cookie: string) => {
  const found = await read(cookie);
  return found.kind === "session" ? Object.fromEntries(found.session.data) : found.kind;
};

/** Does `work` `count` times, at most `width` at once. */
async function inParallel<Result>(
  count: number,
  width: number,
  work: (which: number) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  let next = 0;
  const lane = async () => {
    for (let which = next++; which < count; which = next++) results[which] = await work(which);
  };
  await Promise.all(Array.from({ length: width }, lane));
  return results;
}

describe("edits of different fields", () => {
  it("lose nothing: 10,000 of them, a hundred at a time", async ({ expect }) => {
    const cookies = await inParallel(10, 10, () => begin());
    const cookieOf = (which: number) => cookies[which % cookies.length] ?? "";
    const kinds = await inParallel(10_000, 100, async (which) => {
      const { kind } = await set(cookieOf(which), { [`f${which}`]: which });
      return kind;
    });
    expect(new Set(kinds)).toEqual(new Set(["done"]));
    for (const [which, cookie] of cookies.entries()) {
      const expected = Array.from({ length: 1_000 }, (_, i) => 10 * i + which);
      expect(await dataOf(cookie)).toEqual(
        Object.fromEntries(expected.map((n) => [`f${n}`, String(n)])),
      );
      expect(await read(cookie)).toMatchObject({ session: { version: "1001" } });
    }
  });

  it("lose nothing while the token is rotated under them", async ({ expect }) => {
    const first = await begin();
    let present = first;
    await inParallel(300, 30, async (which) => {
      if (which % 60 === 59) present = nextCookie(await rotate(present));
      else expect((await set(present, { [`f${which}`]: which })).kind).toBe("done");
    });
    const kept = Object.keys((await dataOf(present)) as object);
    expect(kept.length).toBe(300 - 5);
  });
});

describe("a sign-out during 100 concurrent edits", () => {
  it("is final, whoever comes after", async ({ expect }) => {
    for (let round = 0; round < 10; round += 1) {
      const cookie = await begin();
      const edits = Array.from({ length: 100 }, (_, i) => set(cookie, { [`f${i}`]: i }));
      const ended = end(cookie);
      const late = Array.from({ length: 10 }, (_, i) => set(cookie, { [`g${i}`]: i }));
      await Promise.all([...edits, ended, ...late]);
      expect(await read(cookie)).toEqual(NO_SESSION);
      expect(await set(cookie, { a: 1 })).toEqual(NO_SESSION);
      expect(await rotate(cookie)).toEqual(NO_SESSION);
    }
  });
});

describe("a late copy", () => {
  it("of a write neither undoes a newer one nor counts again", async ({ expect }) => {
    const cookie = await begin();
    await set(cookie, { a: 1 });
    await set(cookie, { a: 2 });
    expect(await tap.again(1)).toEqual(["answer", "done 2", 0, ""]);
    expect(await dataOf(cookie)).toEqual({ a: "2" });
    const add = { changes: [{ kind: "add", name: "c:pen", value: 1 }] } as const;
    await update(cookie, add);
    await tap.again();
    expect(await cartOf(cookie)).toEqual([["pen", 1]]);
  });

  it("of a refused write stays refused, even if the reason has gone", async ({ expect }) => {
    const cookie = await begin();
    const wish = { changes: [{ kind: "set", name: "d:a", value: "1" }], version: "2" } as const;
    expect(await update(cookie, wish)).toMatchObject({ kind: "version" });
    await set(cookie, { b: 1 });
    expect(await tap.again(1)).toEqual(["answer", "version 1", 0, ""]);
    expect(await dataOf(cookie)).toEqual({ b: "1" });
  });

  it("of anything brings back no session that has ended", async ({ expect }) => {
    const created = tap.sent;
    const cookie = await begin();
    await set(cookie, { a: 1 });
    await rotate(cookie);
    await end(cookie);
    const sent = tap.sent - created;
    expect(sent).toBe(4);
    for (let back = sent - 1; back >= 0; back -= 1) await tap.again(back);
    expect(await read(cookie)).toEqual(NO_SESSION);
    const direct = createStand(inject("redis")).request().redis;
    const key = sessionKeys({ instance: stand.instance, tenant: "test" }, opened(cookie)).session;
    expect(await direct.command(["EXISTS", key])).toBe(0);
  });

  it("does nothing once it has expired by the store's clock", async ({ expect }) => {
    const userId = "late-user";
    const [cookie, other] = [await begin({ userId }), await begin({ userId })];
    const deadlineMs = 150;
    const held = async (work: () => Promise<unknown>) => {
      stand.setAhead(-60_000);
      await tap.holding(work);
      stand.setAhead(0);
      expect(await tap.again()).toEqual(["expired", expect.any(Number)]);
    };
    await held(() => create({ userId, deadlineMs }));
    await held(() => set(cookie, { a: 1 }, { deadlineMs }));
    await held(() => rotate(cookie, "periodic", { deadlineMs }));
    await held(() => rotate(cookie, "login", { deadlineMs }));
    await held(() => endOthers(cookie, { deadlineMs }));
    await held(() => end(cookie, undefined, { deadlineMs }));
    expect(await dataOf(cookie)).toEqual({});
    expect(await lives(other)).toBe(true);
  });

  it("of an end of all others ends nobody who came since", async ({ expect }) => {
    const userId = "since-user";
    const mine = await begin({ userId });
    await begin({ userId });
    expect(await endOthers(mine)).toMatchObject({ ended: 1 });
    const since = await begin({ userId });
    expect(await tap.again(1)).toEqual(["ended", "1", "0"]);
    expect(await lives(since)).toBe(true);
  });
});

describe("a write on a slow clock", () => {
  it("is sent once more on the store's", async ({ expect }) => {
    const cookie = await begin();
    stand.setAhead(-60_000);
    const before = tap.sent;
    expect(await set(cookie, { a: 1 })).toMatchObject({ kind: "done" });
    expect(tap.sent - before).toBe(2);
    stand.setAhead(0);
  });
});

describe("rotations of one token", () => {
  it("give one successor, however many come at once and from wherever", async ({ expect }) => {
    const other = createCalls(stand.another({ secrets: [NEW_SECRET, OLD_SECRET] }));
    const both = createCalls(stand.another({ secrets: [OLD_SECRET, NEW_SECRET] }));
    for (let round = 0; round < 20; round += 1) {
      const cookie = await begin();
      const rotations = Array.from({ length: 20 }, (_, i) =>
        (i % 2 === 0 ? other : both).rotate(cookie),
      );
      const cookies = (await Promise.all(rotations)).map(nextCookie);
      expect(new Set(cookies).size).toBe(1);
    }
  });

  it("give one successor across a change of the signing secret", async ({ expect }) => {
    const changed = createCalls(stand.another({ secrets: [NEW_SECRET, OLD_SECRET] }));
    const old = await begin();
    const next = nextCookie(await rotate(old));
    expect(nextCookie(await changed.rotate(old))).toBe(next);
    expect(nextCookie(await changed.read(old))).toBe(next);
    const after = nextCookie(await changed.rotate(next));
    expect(after).toMatch(/^1\+new\+/);
    expect(nextCookie(await changed.rotate(next))).toBe(after);
    expect(await changed.lives(after)).toBe(true);
  });

  it("are told of a secret that this Worker has not got", async ({ expect }) => {
    const changed = createCalls(stand.another({ secrets: [NEW_SECRET, OLD_SECRET] }));
    const cookie = await begin();
    await changed.rotate(cookie);
    expect(await rotate(cookie)).toEqual({ kind: "unknown_secret" });
    expect(await read(cookie)).toMatchObject({ kind: "session", cookie: null });
  });

  it("leave at most eight tokens working beside the present one", async ({ expect }) => {
    const cookies = [await begin()];
    for (let i = 0; i < 9; i += 1) cookies.push(nextCookie(await rotate(cookies.at(-1) ?? "")));
    const alive = await Promise.all(cookies.map(lives));
    expect(alive).toEqual([false, ...Array.from({ length: 9 }, () => true)]);
  });

  it("end the oldest first, also within one millisecond", async ({ expect }) => {
    const stopped = withStoppedClock(createStand(inject("redis")).request().redis);
    const quick = createCalls(stand.another({ wrap: () => stopped }));
    for (let round = 0; round < 5; round += 1) {
      const cookies = [await quick.begin()];
      const next = async () => nextCookie(await quick.rotate(cookies.at(-1) ?? ""));
      for (let i = 0; i < 12; i += 1) cookies.push(await next());
      const alive = await Promise.all(cookies.map(quick.lives));
      expect(alive).toEqual(cookies.map((_, which) => which >= 4));
    }
  });
});

describe("a sign-out with a token that has been rotated", () => {
  it("ends the successor, and its successor", async ({ expect }) => {
    const first = await begin();
    const second = nextCookie(await rotate(first));
    const third = nextCookie(await rotate(second));
    expect(await end(first)).toEqual({ kind: "ended" });
    for (const cookie of [first, second, third]) expect(await read(cookie)).toEqual(NO_SESSION);
  });

  it("of all others leaves one cookie: the one it gives", async ({ expect }) => {
    const userId = "old-all";
    const other = await begin({ userId });
    const first = await begin({ userId });
    const second = nextCookie(await rotate(first));
    const fresh = nextCookie(await endOthers(first));
    for (const cookie of [other, first, second]) expect(await lives(cookie)).toBe(false);
    expect(await lives(fresh)).toBe(true);
  });

  it("cannot follow one who has ended all others with the successor", async ({ expect }) => {
    const first = await begin();
    const second = nextCookie(await rotate(first));
    const third = nextCookie(await rotate(second));
    expect(await endOthers(third)).toEqual({ kind: "ended", ended: 0, cookie: null });
    for (const cookie of [first, second]) expect(await read(cookie)).toEqual(NO_SESSION);
    expect(await read(third)).toMatchObject({ kind: "session", cookie: null });
  });
});

describe("the end of all others during rotations and edits in flight", () => {
  it("leaves none of them", async ({ expect }) => {
    for (let round = 0; round < 20; round += 1) {
      const userId = `storm-${round}`;
      const mine = await begin({ userId });
      const others = await Promise.all(Array.from({ length: 5 }, () => begin({ userId })));
      const known = [...others];
      const storm = others.flatMap((other) => [
        (async () => {
          let present = other;
          for (let i = 0; i < 5; i += 1) {
            const rotated = await rotate(present, i === 3 ? "login" : "periodic");
            if (rotated.kind !== "rotated") return;
            present = rotated.cookie;
            known.push(present);
          }
        })(),
        set(other, { a: 1 }),
      ]);
      const ended = endOthers(mine);
      await Promise.all([...storm, ended]);
      expect(await ended).toMatchObject({ kind: "ended", ended: 5 });
      for (const cookie of known) expect(await lives(cookie)).toBe(false);
      expect(await lives(mine)).toBe(true);
    }
  });

  it("ends a session whose rotation arrives after it", async ({ expect }) => {
    const userId = "in-flight";
    const [mine, other] = [await begin({ userId }), await begin({ userId })];
    tap.beforeNext(() => endOthers(mine));
    expect(await rotate(other)).toEqual(NO_SESSION);
  });
});
