import { describe, it } from "vitest";
import { breaker, FAILURES_TO_OPEN, OPEN_MS } from "./breaker.ts";

function opened(nowMs: number) {
  const guard = breaker();
  for (let i = 0; i < FAILURES_TO_OPEN; i += 1) guard.failed(nowMs);
  return guard;
}

describe("the breaker", () => {
  it("admits until a store has failed often enough in a row", ({ expect }) => {
    const guard = breaker();
    for (let i = 0; i < FAILURES_TO_OPEN - 1; i += 1) guard.failed(0);
    expect([guard.admits(0), guard.state(0), guard.retryAfterMs(0)]).toEqual([true, "closed", 0]);
    guard.failed(0);
    expect([guard.admits(0), guard.state(0), guard.retryAfterMs(0)]).toEqual([
      false,
      "open",
      OPEN_MS,
    ]);
  });

  it("forgets failures at the first answer, whatever it says", ({ expect }) => {
    const guard = breaker();
    for (let i = 0; i < FAILURES_TO_OPEN - 1; i += 1) guard.failed(0);
    guard.succeeded();
    guard.failed(0);
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
    guard.failed(OPEN_MS + 10);
    expect(guard.admits(OPEN_MS + 10 + OPEN_MS - 1)).toBe(false);
    expect(guard.admits(OPEN_MS + 10 + OPEN_MS)).toBe(true);
  });

  it("gives up a trial that never reports back", ({ expect }) => {
    const guard = opened(0);
    guard.admits(OPEN_MS);
    expect(guard.admits(2 * OPEN_MS - 1)).toBe(false);
    expect(guard.admits(2 * OPEN_MS)).toBe(true);
  });
});
