import { describe, it } from "vitest";
import { deadlineAfter } from "../shared/kernel/deadline.ts";
import { UpstreamError } from "../shared/kernel/errors.ts";
import { storeTraffic } from "../shared/kernel/traffic.ts";
import { callObject } from "./object-call.ts";

function scope(deadlineMs = 10_000) {
  let nowMs = 0;
  const clock = () => nowMs;
  const traffic = storeTraffic(clock);
  const slept: number[] = [];
  const sleep = async (ms: number) => {
    slept.push(ms);
    if (ms > 5_000) await new Promise<never>(() => undefined);
    nowMs += ms;
  };
  return { traffic, deadline: deadlineAfter(clock, deadlineMs), sleep, slept };
}

const never = () => new Promise<never>(() => undefined);

const failing = (properties: object) => () =>
  Promise.reject(Object.assign(new Error("canary"), properties));

async function errorOf(work: Promise<unknown>): Promise<UpstreamError> {
  const error = await work.catch((thrown: unknown) => thrown);
  if (error instanceof UpstreamError) return error;
  throw new Error(`expected an UpstreamError, got ${String(error)}`);
}

describe("a call to a Durable Object", () => {
  it("gives its reply, and counts as no trip to a store", async ({ expect }) => {
    const parts = scope();
    const reply = await callObject(parts, { outcome: "unknown" }, async () => "reply");
    expect(reply).toBe("reply");
    expect(parts.traffic.spent()).toMatchObject({ trips: 0, requests: 0 });
  });

  it("ends with its own bound or the deadline, whichever comes first", async ({ expect }) => {
    for (const [deadlineMs, timeoutMs, boundMs] of [
      [2_000, 300, 300],
      [200, 300, 200],
    ] as const) {
      const parts = scope(deadlineMs);
      const error = await errorOf(callObject(parts, { timeoutMs, outcome: "unknown" }, never));
      expect(error).toMatchObject({
        dependency: "durable-object",
        fault: "timeout",
        outcome: "unknown",
      });
      expect(parts.slept).toEqual([boundMs]);
    }
  });

  it("is not made once the deadline has passed", async ({ expect }) => {
    let calls = 0;
    const count = async () => {
      calls += 1;
    };
    const error = await errorOf(callObject(scope(0), { outcome: "unknown" }, count));
    expect([error.fault, error.outcome, calls]).toEqual(["timeout", "not_applied", 0]);
  });

  it("that an overloaded object refused has changed nothing", async ({ expect }) => {
    const call = failing({ overloaded: true, retryable: true });
    expect(await errorOf(callObject(scope(), { outcome: "unknown" }, call))).toMatchObject({
      fault: "refused",
      outcome: "not_applied",
    });
  });

  it("that failed leaves behind what its caller says, and nothing of the error", async ({
    expect,
  }) => {
    for (const outcome of ["unknown", "not_applied"] as const) {
      const error = await errorOf(callObject(scope(), { outcome }, failing({ remote: true })));
      expect(error).toMatchObject({ fault: "unreachable", outcome });
      expect(`${error.stack}${JSON.stringify(error)}`).not.toContain("canary");
    }
  });
});
