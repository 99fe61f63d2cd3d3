import { describe, it } from "vitest";
import { breaker, FAILURES_TO_OPEN, OPEN_AFTER_MS, OPEN_MS, SILENCE_MS } from "./breaker.ts";

function opened(nowMs: number) {
  const guard = breaker();
  for (let i = 1; i < FAILURES_TO_OPEN; i += 1) {
    guard.failed("unreachable", 1_000, nowMs - OPEN_AFTER_MS);
  }
  guard.failed("unreachable", 1_000, nowMs);
  return guard;
}

describe("the breaker", () => {
  it("admits until a store has failed often enough in a row", ({ expect }) => {
    const guard = breaker();
    const seen = () => [guard.admits(0), guard.state(0), guard.retryAfterMs(0)];
    guard.failed("unreachable", 1_000, -OPEN_AFTER_MS);
    for (let i = 2; i < FAILURES_TO_OPEN; i += 1) guard.failed("unreachable", 1_000, 0);
    expect(seen()).toEqual([true, "closed", 0]);
    guard.failed("unreachable", 1_000, 0);
    expect(seen()).toEqual([false, "open", OPEN_MS]);
  });

  it("takes any number of failures at one instant for a pause of its own", ({ expect }) => {
    const guard = breaker();
    for (let i = 0; i < 4 * FAILURES_TO_OPEN; i += 1) {
      guard.failed("timeout", 1_000, i % OPEN_AFTER_MS);
    }
    expect(guard.admits(OPEN_AFTER_MS)).toBe(true);
    guard.failed("timeout", 1_000, OPEN_AFTER_MS);
    expect(guard.admits(OPEN_AFTER_MS)).toBe(false);
  });

  it("forgets failures at the first answer, whatever it says", ({ expect }) => {
    const guard = breaker();
    for (let i = 1; i < FAILURES_TO_OPEN; i += 1) {
      guard.failed("unreachable", 1_000, -OPEN_AFTER_MS);
    }
    guard.succeeded();
    for (let i = 1; i <= FAILURES_TO_OPEN; i += 1) guard.failed("unreachable", 1_000, 0);
    expect(guard.admits(0)).toBe(true);
  });

  it("admits a single trial after its time", ({ expect }) => {
    const guard = opened(0);
    expect(guard.admits(OPEN_MS - 1)).toBe(false);
    expect(guard.state(OPEN_MS)).toBe("half_open");
    expect([guard.admits(OPEN_MS), guard.admits(OPEN_MS)]).toEqual([true, false]);
  });

  it("closes when the trial is answered", ({ expect }) => {
    const guard = opened(0);
    guard.admits(OPEN_MS);
    guard.succeeded();
    expect([guard.admits(OPEN_MS), guard.state(OPEN_MS)]).toEqual([true, "closed"]);
  });

  it("stays open for another while when the trial fails", ({ expect }) => {
    const guard = opened(0);
    guard.admits(OPEN_MS);
    guard.failed("unreachable", 1_000, OPEN_MS + 10);
    expect(guard.admits(OPEN_MS + 10 + OPEN_MS - 1)).toBe(false);
    expect(guard.admits(OPEN_MS + 10 + OPEN_MS)).toBe(true);
  });

  it("gives up a trial that never reports back", ({ expect }) => {
    const guard = opened(0);
    guard.admits(OPEN_MS);
    expect(guard.admits(2 * OPEN_MS - 1)).toBe(false);
    expect(guard.admits(2 * OPEN_MS)).toBe(true);
  });

  it("takes a refusal for an answer", ({ expect }) => {
    const guard = opened(0);
    guard.failed("refused", 1_000, 0);
    expect([guard.admits(0), guard.isSuspect()]).toEqual([true, false]);
  });

  it("counts silence only when it lasted long enough", ({ expect }) => {
    const [hurried, patient] = [breaker(), breaker()];
    for (let i = 0; i < FAILURES_TO_OPEN; i += 1) {
      hurried.failed("timeout", SILENCE_MS - 1, i * OPEN_AFTER_MS);
      patient.failed("timeout", SILENCE_MS, i * OPEN_AFTER_MS);
    }
    const nowMs = FAILURES_TO_OPEN * OPEN_AFTER_MS;
    expect([hurried.admits(nowMs), patient.admits(nowMs)]).toEqual([true, false]);
  });

  it("leaves the trial of a caller in a hurry to the next one", ({ expect }) => {
    const guard = opened(0);
    guard.admits(OPEN_MS);
    guard.failed("timeout", SILENCE_MS - 1, OPEN_MS + 4);
    expect([guard.state(OPEN_MS + 4), guard.admits(OPEN_MS + 4)]).toEqual(["half_open", true]);
  });

  it("suspects a store from any silence until the next answer", ({ expect }) => {
    const guard = breaker();
    expect(guard.isSuspect()).toBe(false);
    guard.failed("timeout", 1, 0);
    expect(guard.isSuspect()).toBe(true);
    guard.succeeded();
    expect(guard.isSuspect()).toBe(false);
  });
});
