import fc from "fast-check";
import { describe, it } from "vitest";
import {
  type Attempts,
  attemptWrite,
  type Expired,
  WRITE_ATTEMPTS_MAX,
  type WriteAttempt,
} from "./attempts.ts";
import { WRITE_EXPIRY_MARGIN_MS } from "./deadline.ts";
import { UpstreamError } from "./errors.ts";
import { DEADLINE_MS, failure, START_MS, slowWorld, thrownBy } from "./testing/slow-world.ts";

const EXPIRY_MS = START_MS + DEADLINE_MS - WRITE_EXPIRY_MARGIN_MS;

type Reply = { readonly kind: "done" } | { readonly kind: "refused" };

const DONE: Reply = { kind: "done" };
const LOST = failure("unreachable", "unknown");
const LOADING = failure("refused", "not_applied", "LOADING");
const OPEN = failure("circuit_open", "not_applied");

/** A store that goes through a script of answers and repeats the last one. */
function store(...script: readonly (Reply | Expired | Error)[]) {
  const sent: WriteAttempt[] = [];
  const send = async (attempt: WriteAttempt) => {
    const answer = script[Math.min(sent.length, script.length - 1)];
    sent.push(attempt);
    if (answer === undefined || answer instanceof Error) throw answer;
    return answer;
  };
  return { send, sent };
}

describe("a write", () => {
  it("answers with the first definite reply", async ({ expect }) => {
    const { attempts, slept } = slowWorld();
    const { send, sent } = store(DONE);
    const written = await attemptWrite("redis", attempts, send);
    expect(written).toEqual({ reply: DONE, wasAmbiguous: false });
    expect(sent).toEqual([{ timeoutMs: 500, expiresAtMs: EXPIRY_MS }]);
    expect(slept).toEqual([]);
  });

  it("says that a reply after a lost answer is not the whole truth", async ({ expect }) => {
    const { attempts } = slowWorld();
    const { send, sent } = store(LOST, { kind: "refused" });
    const written = await attemptWrite("redis", attempts, send);
    expect(written).toEqual({ reply: { kind: "refused" }, wasAmbiguous: true });
    expect(sent.map(({ expiresAtMs }) => expiresAtMs)).toEqual([EXPIRY_MS, EXPIRY_MS]);
  });

  it("stays unambiguous over refusals that cannot have changed anything", async ({ expect }) => {
    const { attempts } = slowWorld();
    const { send } = store(LOADING, LOADING, DONE);
    const written = await attemptWrite("redis", attempts, send);
    expect(written).toEqual({ reply: DONE, wasAmbiguous: false });
  });

  it("gives each attempt twice the time, never beyond the expiry", async ({ expect }) => {
    const { attempts, pass } = slowWorld();
    const timeouts: number[] = [];
    const slow = async ({ timeoutMs }: WriteAttempt): Promise<Reply> => {
      timeouts.push(timeoutMs);
      pass(timeoutMs);
      throw failure("timeout", "unknown");
    };
    await thrownBy(attemptWrite("redis", attempts, slow));
    expect(timeouts[0]).toBe(500);
    expect(timeouts[1]).toBe(1_000);
    expect(timeouts[2]).toBeLessThan(400);
  });

  it("does not ask again what will be refused again", async ({ expect }) => {
    const { attempts } = slowWorld();
    const { send, sent } = store(failure("refused", "not_applied", "NOPERM"));
    const error = await thrownBy(attemptWrite("redis", attempts, send));
    expect([error.storeCode, error.outcome, sent.length]).toEqual(["NOPERM", "not_applied", 1]);
  });

  it("does not ask a store whose circuit is open", async ({ expect }) => {
    const { attempts, clock } = slowWorld();
    const { send, sent } = store(OPEN);
    const error = await thrownBy(attemptWrite("redis", attempts, send));
    expect([error.fault, error.outcome, sent.length]).toEqual(["circuit_open", "not_applied", 1]);
    expect(clock()).toBe(START_MS);
  });

  it("goes on asking through an open circuit once an attempt may have been applied", async ({
    expect,
  }) => {
    const { attempts } = slowWorld();
    const { send } = store(LOST, OPEN, OPEN, DONE);
    expect(await attemptWrite("redis", attempts, send)).toEqual({
      reply: DONE,
      wasAmbiguous: true,
    });
  });

  it("says unknown only when the write has expired, and within the deadline", async ({
    expect,
  }) => {
    const { attempts, clock } = slowWorld();
    const { send } = store(LOST, OPEN);
    const error = await thrownBy(attemptWrite("redis", attempts, send));
    expect(error.outcome).toBe("unknown");
    expect(clock()).toBeGreaterThanOrEqual(EXPIRY_MS);
    expect(clock()).toBeLessThanOrEqual(START_MS + DEADLINE_MS);
  });

  it("says not applied, and at once, when no attempt can have been", async ({ expect }) => {
    const { attempts, clock } = slowWorld();
    const { send, sent } = store(LOADING);
    const error = await thrownBy(attemptWrite("redis", attempts, send));
    expect([error.outcome, error.storeCode]).toEqual(["not_applied", "LOADING"]);
    expect(clock()).toBeLessThanOrEqual(EXPIRY_MS);
    expect(sent.length).toBeGreaterThan(1);
  });

  it("sends once more on the store's clock when that clock is ahead", async ({ expect }) => {
    const { attempts } = slowWorld();
    const ahead = START_MS + 5_000;
    const { send, sent } = store({ kind: "expired", storeNowMs: ahead }, DONE);
    expect(await attemptWrite("redis", attempts, send)).toEqual({
      reply: DONE,
      wasAmbiguous: false,
    });
    expect(sent.map(({ expiresAtMs }) => expiresAtMs)).toEqual([EXPIRY_MS, EXPIRY_MS + 5_000]);
  });

  it("gives up when the store calls the second one expired too", async ({ expect }) => {
    const { attempts } = slowWorld();
    const { send, sent } = store({ kind: "expired", storeNowMs: START_MS });
    const error = await thrownBy(attemptWrite("redis", attempts, send));
    expect([error.fault, error.outcome, sent.length]).toEqual(["timeout", "not_applied", 2]);
  });

  it("says unknown when an earlier copy may have been applied before one expired", async ({
    expect,
  }) => {
    const { attempts, clock } = slowWorld();
    const { send } = store(LOST, { kind: "expired", storeNowMs: START_MS });
    const error = await thrownBy(attemptWrite("redis", attempts, send));
    expect(error.outcome).toBe("unknown");
    expect(clock()).toBeGreaterThanOrEqual(EXPIRY_MS);
  });

  it("is not sent at all when its deadline leaves no time", async ({ expect }) => {
    const { attempts } = slowWorld({ deadlineMs: WRITE_EXPIRY_MARGIN_MS });
    const { send, sent } = store(DONE);
    const error = await thrownBy(attemptWrite("postgres", attempts, send));
    expect([error.dependency, error.fault, error.outcome]).toEqual([
      "postgres",
      "timeout",
      "not_applied",
    ]);
    expect(sent).toEqual([]);
  });

  it("passes a bug on without asking again", async ({ expect }) => {
    const { attempts } = slowWorld();
    const { send, sent } = store(new TypeError("bug"));
    await expect(attemptWrite("redis", attempts, send)).rejects.toThrow(TypeError);
    expect(sent.length).toBe(1);
  });

  it("is sent a bounded number of times however fast it fails", async ({ expect }) => {
    const { attempts } = slowWorld();
    const { send, sent } = store(LOADING);
    const still: Attempts = { ...attempts, sleep: async () => undefined };
    await thrownBy(attemptWrite("redis", still, send));
    expect(sent.length).toBe(WRITE_ATTEMPTS_MAX);
  });

  it("pauses between 5 and 250 ms, longer each time", async ({ expect }) => {
    for (const random of [0, 0.999]) {
      const { attempts, slept } = slowWorld({ random, deadlineMs: 10_000 });
      const { send } = store(LOADING);
      await thrownBy(attemptWrite("redis", attempts, send));
      const full = slept.slice(0, -1);
      expect(full).toEqual(full.toSorted((a, b) => a - b));
      expect(Math.min(...full)).toBeGreaterThanOrEqual(5);
      expect(Math.max(...full)).toBeLessThanOrEqual(250);
    }
  });

  it("never tells less than what may have happened, whatever the store answers", async ({
    expect,
  }) => {
    const answer = fc.oneof(
      fc.constantFrom<Reply | Error>(DONE, { kind: "refused" }, LOST, LOADING, OPEN),
      fc
        .integer({ min: -5_000, max: 5_000 })
        .map((aheadMs): Expired => ({ kind: "expired", storeNowMs: START_MS + aheadMs })),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(answer, { minLength: 1, maxLength: 8 }), async (script) => {
        const { attempts, clock } = slowWorld();
        const { send, sent } = store(...script);
        const result = await attemptWrite("redis", attempts, send).catch((error: unknown) => error);
        const answers = sent.map((_, i) => script[Math.min(i, script.length - 1)]);
        const mayHaveBeenApplied = answers.includes(LOST);
        if (result instanceof UpstreamError) {
          expect(result.outcome).toBe(mayHaveBeenApplied ? "unknown" : "not_applied");
          if (mayHaveBeenApplied) expect(clock()).toBeGreaterThanOrEqual(EXPIRY_MS);
        } else {
          expect(result).toMatchObject({ wasAmbiguous: mayHaveBeenApplied });
        }
        expect(clock()).toBeLessThanOrEqual(START_MS + DEADLINE_MS);
      }),
    );
  });
});
