import { describe, inject, it } from "vitest";
import { createCalls, nextCookie } from "./testing/calls.ts";
import { createStand } from "./testing/stand.ts";
import { withStoreClock } from "./testing/store-clock.ts";

const MINUTE_MS = 60_000;

/** A deployment whose store can be told that it is later. Keys stay: only the scripts judge. */
function timed() {
  let aheadMs = 0;
  const stand = createStand(inject("redis"), {
    wrap: (port) => withStoreClock(port, () => aheadMs),
    policy: { absoluteMs: 40 * MINUTE_MS },
  });
  const later = (ms: number) => {
    aheadMs += ms;
    stand.setAhead(aheadMs);
  };
  return { stand, later, ...createCalls(stand) };
}

type World = ReturnType<typeof timed>;

/** What ends a session for who has the cookie. */
const ENDS: Record<string, (world: World, cookie: string) => Promise<unknown>> = {
  "a sign-out": ({ end }, cookie) => end(cookie),
  "a sign-out from another session": async ({ begin, end, opened }, cookie) =>
    end(await begin({ userId: "one" }), opened(cookie).publicId),
  "the end of all others": async ({ begin, endOthers }) =>
    endOthers(await begin({ userId: "one" })),
  "a login": ({ rotate }, cookie) => rotate(cookie, "login"),
  "the end of its grace": async ({ rotate, later }, cookie) => {
    await rotate(cookie);
    later(31_000);
  },
  "the idle limit": async ({ later }) => later(31 * MINUTE_MS),
  "the absolute limit": async ({ later, set, stand }, cookie) => {
    later(20 * MINUTE_MS);
    await set(cookie, { a: 1 });
    await stand.settled();
    later(21 * MINUTE_MS);
  },
};

/** After these the session lives, under another token. */
const LEAVES_BEHIND = new Set(["a login", "the end of its grace"]);
const SIGN_OUTS = new Set(["signing out", "signing out another"]);

/** What somebody may try with the cookie; `bystander` is another session of the user. */
const TRIES: Record<string, (world: World, cookie: string, bystander: string) => Promise<unknown>> =
  {
    reading: ({ read }, cookie) => read(cookie),
    listing: ({ list }, cookie) => list(cookie),
    editing: ({ set }, cookie) => set(cookie, { stolen: 1 }),
    rotating: ({ rotate }, cookie) => rotate(cookie),
    "logging in": ({ rotate }, cookie) => rotate(cookie, "login"),
    "signing out": ({ end }, cookie) => end(cookie),
    "signing out another": ({ end, opened }, cookie, bystander) =>
      end(cookie, opened(bystander).publicId),
    "signing out all others": ({ endOthers }, cookie) => endOthers(cookie),
  };

describe("a cookie whose session has ended", () => {
  for (const [what, ended] of Object.entries(ENDS)) {
    it(`by ${what} opens nothing and changes nothing`, async ({ expect }) => {
      for (const [which, attempt] of Object.entries(TRIES)) {
        const world = timed();
        const cookie = await world.begin({ userId: "one" });
        await ended(world, cookie);
        const bystander = await world.begin({ userId: "one" });
        const kind = LEAVES_BEHIND.has(what) && SIGN_OUTS.has(which) ? "left_behind" : "no_session";
        expect(await attempt(world, cookie, bystander), which).toEqual({ kind });
        expect(await world.lives(bystander), which).toBe(true);
        expect(await world.stand.settled(), which).toBe(0);
      }
    });
  }

  it("is the only one that a login ends", async ({ expect }) => {
    const world = timed();
    const cookie = await world.begin({ userId: "one" });
    const next = nextCookie(await world.rotate(cookie, "login"));
    for (const attempt of Object.values(TRIES)) await attempt(world, cookie, next);
    expect(await world.read(next)).toMatchObject({ session: { data: [], version: "1" } });
  });
});
