import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, beforeEach, describe, it } from "vitest";
import { startTestRedis, type TestRedis } from "../../local/testing/stores.ts";
import { UpstreamError } from "../../shared/kernel/errors.ts";
import { createCalls, nextCookie } from "./testing/calls.ts";
import { createStand, type Stand } from "./testing/stand.ts";

let redis: TestRedis;
let stand: Stand;
let calls: ReturnType<typeof createCalls>;

beforeAll(async () => {
  redis = await startTestRedis();
});

afterAll(() => redis.stop());

beforeEach(() => {
  stand = createStand(redis);
  calls = createCalls(stand);
});

afterEach(() => {
  redis.faults.clear();
});

const WRITES = { target: "main", command: "EVALSHA" };

const FAULTS = {
  "loses its answer": { kind: "drop-response" },
  "loses its request": { kind: "drop-request" },
  "is answered with garbage": { kind: "garbage" },
  "is answered with an error": { kind: "error" },
  "is delivered twice": { kind: "duplicate", delayMs: 0 },
  "is answered too late": { kind: "delay-response", delayMs: 700 },
  "arrives after the second attempt": { kind: "delay", delayMs: 700 },
} as const;

/** What a failed call says: the fault, and what it claims became of the write. */
async function failureOf(call: Promise<unknown>) {
  const error = await call.then(
    () => null,
    (reason: unknown) => reason,
  );
  return error instanceof UpstreamError ? { fault: error.fault, outcome: error.outcome } : error;
}

const cartOf = async (cookie: string) => {
  const found = await calls.read(cookie);
  return found.kind === "session" ? found.session.cart : found.kind;
};

describe("a write whose first attempt goes wrong", () => {
  const add = { changes: [{ kind: "add", name: "c:pen", value: 1 }], needsCart: true } as const;

  for (const [what, fault] of Object.entries(FAULTS)) {
    it(`counts once when it ${what}`, async ({ expect }) => {
      const { begin, update, rotate, endOthers, list, lives, end } = calls;
      const userId = "faulty";
      const cookie = await begin({ userId });
      await update(cookie, add);
      const once = () => redis.faults.add({ ...WRITES, ...fault, count: 1 });
      const settle = async () => {
        if ("delayMs" in fault) await sleep(fault.delayMs + 100);
        expect(redis.faults.list()).toEqual([]);
      };

      once();
      const added = await update(cookie, add);
      expect(added).toMatchObject({ kind: "done", cart: [["pen", 2]], isReplay: false });
      once();
      const other = await begin({ userId });
      once();
      const next = nextCookie(await rotate(cookie));
      expect([await lives(cookie), await lives(next)]).toEqual([true, true]);
      once();
      const login = nextCookie(await rotate(next, "login"));
      once();
      expect(await endOthers(login)).toMatchObject({ kind: "ended", ended: 1 });
      const since = await begin({ userId });
      await settle();
      const alive = await Promise.all([cookie, next, login, other, since].map(lives));
      expect(alive).toEqual([false, false, true, false, true]);
      expect(await cartOf(login)).toEqual([["pen", 2]]);
      expect(await list(login)).toMatchObject({ devices: [{}, {}] });

      once();
      await end(login);
      await settle();
      expect([await lives(login), await lives(since)]).toEqual([false, true]);
    });
  }

  it("is a creation of one session when its caller repeats it", async ({ expect }) => {
    const options = { userId: "twice", idempotencyKey: "k" };
    redis.faults.add({ ...WRITES, kind: "drop-response" });
    expect(await failureOf(calls.create({ ...options, deadlineMs: 400 }))).toMatchObject({
      outcome: "unknown",
    });
    redis.faults.clear();
    const { begin, list, lives } = createCalls(stand.another());
    const cookie = await begin(options);
    expect(await begin(options)).toBe(cookie);
    expect(await lives(cookie)).toBe(true);
    expect(await list(cookie)).toMatchObject({ devices: [{ isCurrent: true }] });
  });
});

describe("a write that nobody can answer", () => {
  it("is unknown until it has expired, and then never lands", async ({ expect }) => {
    const cookie = await calls.begin();
    redis.faults.add({ ...WRITES, kind: "delay", delayMs: 800 });
    const failure = await failureOf(calls.set(cookie, { a: 1 }, { deadlineMs: 600 }));
    expect(failure).toEqual({ fault: "timeout", outcome: "unknown" });
    const rotation = failureOf(calls.rotate(cookie, "login", { deadlineMs: 600 }));
    expect(await rotation).toEqual({ fault: "timeout", outcome: "unknown" });
    await sleep(1_000);
    redis.faults.clear();
    expect(await calls.read(cookie)).toMatchObject({ session: { data: [] } });
  });
});

describe("what a write claims about its outcome", () => {
  it("is true for each of 300, under every fault at once", async ({ expect }) => {
    const cookie = await calls.begin();
    const kinds = ["drop-request", "drop-response", "garbage", "error", "delay", "delay-response"];
    for (const [i, kind] of kinds.entries()) {
      const delayed = kind.startsWith("delay") ? { delayMs: 350 } : {};
      redis.faults.add({ ...WRITES, ...delayed, kind, probability: 0.2, seed: i });
    }
    redis.faults.add({ ...WRITES, kind: "duplicate", delayMs: 30, probability: 0.3 });
    const claims = new Map<string, string>();
    const fields = Array.from({ length: 300 }, (_, i) => `f${i}`);
    const left = [...fields];
    const lane = async () => {
      for (let field = left.shift(); field !== undefined; field = left.shift()) {
        const isolate = createCalls(stand.another());
        const failure = await failureOf(isolate.set(cookie, { [field]: 1 }, { deadlineMs: 450 }));
        const claim = failure === null ? "applied" : (failure as { outcome: string }).outcome;
        claims.set(field, claim);
      }
    };
    await Promise.all(Array.from({ length: 20 }, lane));
    await sleep(900);
    redis.faults.clear();
    const found = await calls.read(cookie);
    const stored = new Map(found.kind === "session" ? found.session.data : []);
    for (const field of fields) {
      const possible = { applied: ["1"], not_applied: [undefined], unknown: ["1", undefined] };
      const claim = claims.get(field) as keyof typeof possible;
      expect(possible[claim], `${field} ${claim}`).toContain(stored.get(field));
    }
    const seen = [...claims.values()];
    expect(seen.filter((claim) => claim === "applied").length).toBeGreaterThan(100);
    expect(seen.filter((claim) => claim === "unknown").length).toBeGreaterThan(0);
  });
});

describe("a store that dies", () => {
  it("is a store that is not available, and never a session that has ended", async ({
    expect,
    onTestFinished,
  }) => {
    const own = await startTestRedis();
    onTestFinished(() => own.stop());
    const { begin, read, set, rotate, list, end } = createCalls(createStand(own));
    const cookie = await begin();
    await own.server.kill();
    const startedAtMs = Date.now();
    const deadlineMs = 500;
    const failures = await Promise.all([
      failureOf(read(cookie, { deadlineMs })),
      failureOf(list(cookie)),
      failureOf(set(cookie, { a: 1 }, { deadlineMs })),
      failureOf(rotate(cookie, "periodic", { deadlineMs })),
      failureOf(end(cookie, undefined, { deadlineMs })),
    ]);
    for (const failure of failures) expect(failure).toMatchObject({ fault: expect.any(String) });
    expect(Date.now() - startedAtMs).toBeLessThan(12_000);
  });
});
