import { describe, it } from "vitest";
import { attemptRead, READ_ATTEMPTS_MAX } from "./attempts.ts";
import { failure, slowWorld, thrownBy } from "./testing/slow-world.ts";

const LOST = failure("unreachable", "unknown");
const OPEN = failure("circuit_open", "not_applied");

describe("a read", () => {
  const asking = (...script: readonly (string | Error)[]) => {
    const timeouts: number[] = [];
    const send = async (timeoutMs: number) => {
      const answer = script[Math.min(timeouts.length, script.length - 1)];
      timeouts.push(timeoutMs);
      if (typeof answer !== "string") throw answer;
      return answer;
    };
    return { send, timeouts };
  };

  it("is asked again after a lost answer, with more time", async ({ expect }) => {
    const { attempts } = slowWorld();
    const { send, timeouts } = asking(LOST, "value");
    expect(await attemptRead(attempts, send)).toBe("value");
    expect(timeouts).toEqual([500, 1_000]);
  });

  it("is asked a bounded number of times", async ({ expect }) => {
    const { attempts } = slowWorld();
    const { send, timeouts } = asking(LOST);
    expect(await thrownBy(attemptRead(attempts, send))).toBe(LOST);
    expect(timeouts.length).toBe(READ_ATTEMPTS_MAX);
  });

  it("is not asked again when the circuit is open, or it will be refused again", async ({
    expect,
  }) => {
    const refusals = ["NOAUTH", "WRONGPASS", "NOPERM", "28P01", "28000", "42501", "25006", "3D000"];
    const finals = refusals.map((code) => failure("refused", "not_applied", code));
    for (const final of [OPEN, ...finals]) {
      const { attempts } = slowWorld();
      const { send, timeouts } = asking(final);
      expect(await thrownBy(attemptRead(attempts, send))).toBe(final);
      expect(timeouts.length).toBe(1);
    }
  });

  it("has an unknown outcome as soon as one attempt had, whatever came after it", async ({
    expect,
  }) => {
    for (const final of [OPEN, failure("refused", "not_applied", "NOAUTH")]) {
      const { attempts } = slowWorld();
      const { send } = asking(LOST, final);
      const error = await thrownBy(attemptRead(attempts, send));
      expect([error.fault, error.storeCode]).toEqual([final.fault, final.storeCode]);
      expect(error.outcome).toBe("unknown");
    }
  });

  it("is not asked again when the deadline leaves no time for a pause", async ({ expect }) => {
    const { attempts, pass } = slowWorld({ deadlineMs: 700 });
    const { send, timeouts } = asking(LOST);
    const slow = async (timeoutMs: number) => {
      pass(500);
      return send(timeoutMs);
    };
    await thrownBy(attemptRead(attempts, slow));
    expect(timeouts.length).toBe(1);
  });

  it("passes a bug on without asking again", async ({ expect }) => {
    const { attempts } = slowWorld();
    const { send, timeouts } = asking(new TypeError("bug"));
    await expect(attemptRead(attempts, send)).rejects.toThrow(TypeError);
    expect(timeouts.length).toBe(1);
  });
});
