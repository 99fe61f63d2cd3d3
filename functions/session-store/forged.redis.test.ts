import { afterAll, beforeAll, describe, it } from "vitest";
import { tripsOf } from "../../local/testing/measured.ts";
import { startTestRedis, type TestRedis } from "../../local/testing/stores.ts";
import { openCookie, type SessionCookie, sealCookie } from "./cookie.ts";
import { type Browser, openBrowser, type Service } from "./testing/browser.ts";
import { deployed, INSTANCE, SECRET } from "./testing/deployment.ts";

let redis: TestRedis;
let service: Service;

beforeAll(async () => {
  redis = await startTestRedis();
  service = deployed(redis);
});

afterAll(() => redis.stop());

async function signedIn(userId: string): Promise<Browser> {
  const one = openBrowser(service);
  await one.signIn(userId);
  return one;
}

const LANES = 20;

/** What so many calls with such cookies cost the store, and what they were told. */
async function tried(count: number, cookieOf: (which: number) => string) {
  const told: Record<string, number> = {};
  let next = 0;
  const lane = async () => {
    const one = openBrowser(service);
    for (let which = next++; which < count; which = next++) {
      const [method, path, body] = CALLS[which % CALLS.length] ?? CALLS[0];
      const reply = await one.call(method, path, {
        headers: { Cookie: `__Host-sid=${cookieOf(which)}` },
        ...(body === undefined ? {} : { body }),
      });
      const said = `${reply.status} ${reply.body["code"]} ${reply.headers.get("Kv-Cost")}`;
      told[said] = (told[said] ?? 0) + 1;
    }
  };
  const trips = await tripsOf(redis, () => Promise.all(Array.from({ length: LANES }, lane)));
  return { trips, told };
}

const CALLS = [
  ["GET", "/session", undefined],
  ["PATCH", "/session", { set: { a: 1 } }],
  ["POST", "/session/rotate", { reason: "login" }],
  ["GET", "/sessions", undefined],
  ["DELETE", "/sessions", undefined],
] as const;

/** One character of a text changed into another of the same alphabet. */
function altered(text: string, at: number): string {
  const swapped = text[at] === "A" ? "B" : "A";
  return text.slice(0, at) + swapped + text.slice(at + 1);
}

/** Of 10,000 calls. */
const AGAIN_MAX = 100;

describe("10,000 cookies that open nothing", () => {
  it("are refused without a store call when they were not sealed here", async ({ expect }) => {
    const real = (await signedIn("ann")).cookie.replace("__Host-sid=", "");
    const parts = openCookie(real, { instance: INSTANCE, secrets: [SECRET] });
    if (parts === null) throw new Error("the cookie was not made here");
    const forgers = [
      (which: number) => altered(real, which % real.length),
      (which: number) => sealCookie(parts, INSTANCE, { ...SECRET, secret: `${which}`.padEnd(32) }),
      (which: number) => sealCookie(parts, `other-${which}`, SECRET),
      (which: number) => sealCookie(parts, INSTANCE, { ...SECRET, kid: `k${which + 2}` }),
      (which: number) => real.slice(0, which % real.length),
    ];
    const { trips, told } = await tried(10_000, (which) => {
      const forge = forgers[Math.floor(which / CALLS.length) % forgers.length];
      const cookie = forge?.(which) ?? "";
      return cookie === real ? "" : cookie;
    });
    expect(trips).toBe(0);
    expect(told).toEqual({ "401 no_session trips=0, requests=0": 10_000 });
  });

  it("are refused in one trip when nobody has such a session, and none is made of them", async ({
    expect,
  }) => {
    const ann = await signedIn("ann");
    const known = openCookie(ann.cookie.replace("__Host-sid=", ""), {
      instance: INSTANCE,
      secrets: [SECRET],
    });
    const ended = await signedIn("bob");
    const endedCookie = ended.cookie.replace("__Host-sid=", "");
    await ended.call("DELETE", "/session");
    const digits = (which: number, length: number) => String(which).padStart(length, "0");
    if (known === null) throw new Error("the cookie was not made here");
    const unknown: ((which: number) => Partial<SessionCookie>)[] = [
      // Fixed: the very session of somebody, with a token of the attacker's choice.
      (which: number) => ({ token: digits(which, 43) }),
      (which: number) => ({ publicId: digits(which, 22) }),
      (which: number) => ({ tenant: `tenant-${which}` }),
    ];
    // The first call of a script sends its source.
    await tried(CALLS.length, () => endedCookie);
    const { trips, told } = await tried(10_000, (which) => {
      const kind = Math.floor(which / CALLS.length) % (unknown.length + 1);
      const fields = unknown[kind]?.(which);
      if (fields === undefined) return endedCookie;
      return sealCookie({ ...known, ...fields }, INSTANCE, SECRET);
    });
    // A busy machine makes some ask again; each of those says so.
    expect(trips).toBeLessThanOrEqual(10_000 + AGAIN_MAX);
    const { "401 no_session trips=1, requests=1": once = 0, ...again } = told;
    expect(once).toBeGreaterThanOrEqual(10_000 - AGAIN_MAX);
    for (const answer of Object.keys(again)) expect(answer).toMatch(/^401 no_session trips=[23],/);
    expect(await ann.call("GET", "/session")).toMatchObject({ status: 200 });
    expect(await ann.call("GET", "/sessions")).toMatchObject({ status: 200 });
  });
});
