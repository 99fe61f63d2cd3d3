import { describe, it } from "vitest";
import { isTouchDue } from "./touch.ts";

const due = (nowMs: number, idleExpiresAtMs: number, absoluteExpiresAtMs: number) =>
  isTouchDue({ nowMs, idleExpiresAtMs, absoluteExpiresAtMs }, 100);

describe("the use of a session", () => {
  it("is noted past half of its idle limit", ({ expect }) => {
    expect(due(1_000, 1_050, 9_000)).toBe(false);
    expect(due(1_001, 1_050, 9_000)).toBe(true);
    expect(due(1_000, 1_100, 9_000)).toBe(false);
  });

  it("is not noted where that would lengthen nothing", ({ expect }) => {
    expect(due(1_090, 1_100, 1_100)).toBe(false);
    expect(due(1_090, 1_100, 1_101)).toBe(true);
  });
});
