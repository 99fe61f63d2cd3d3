import { describe, it } from "vitest";
import { requestIds } from "./request-id.ts";

describe("request ids", () => {
  it("never repeat within an isolate, and share its random part", ({ expect }) => {
    const next = requestIds(() => 0.5);
    const ids = Array.from({ length: 1_000 }, next);
    expect(new Set(ids).size).toBe(1_000);
    expect(new Set(ids.map((id) => id.split("-")[0])).size).toBe(1);
  });

  it("differ between isolates", ({ expect }) => {
    expect(requestIds(Math.random)()).not.toBe(requestIds(Math.random)());
  });

  it("are short and safe in a header", ({ expect }) => {
    for (const random of [0, 0.999999999]) {
      expect(requestIds(() => random)()).toMatch(/^[0-9a-z]{15}-1$/);
    }
  });
});
