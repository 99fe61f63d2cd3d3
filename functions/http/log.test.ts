import { describe, it } from "vitest";
import { UpstreamError } from "../../shared/kernel/errors.ts";
import { failureLine } from "./log.ts";

const REQUEST = {
  requestId: "r-1",
  operation: "leaderboard.submit",
  code: "internal",
  status: 500,
};
const CANARY = "canary-2c8d";

describe("the line of a failure", () => {
  it("names request, operation, code and, of a dependency, what went wrong", ({ expect }) => {
    const error = new UpstreamError({
      dependency: "redis",
      fault: "refused",
      storeCode: "OOM",
      outcome: "not_applied",
    });
    expect(failureLine({ ...REQUEST, code: "redis_unavailable", status: 503, error })).toEqual({
      level: "error",
      requestId: "r-1",
      operation: "leaderboard.submit",
      code: "redis_unavailable",
      status: 503,
      dependency: "redis",
      fault: "refused",
      storeCode: "OOM",
    });
  });

  it("gives of an unexpected error its class and the place that raised it", ({ expect }) => {
    expect(failureLine({ ...REQUEST, error: new RangeError("whatever") })).toEqual({
      level: "error",
      ...REQUEST,
      error: "RangeError",
      at: expect.stringMatching(/^log\.test\.ts:\d+:\d+$/),
    });
  });

  it("shows nothing of an error's text, stack, cause or properties", ({ expect }) => {
    class Odd extends Error {}
    const named = (name: string) => Object.assign(new Error(CANARY), { name });
    const errors: unknown[] = [
      new Error(CANARY),
      new Error(`x\n    at ${CANARY} (${CANARY}.js:1:2)`),
      new Error("x", { cause: CANARY }),
      Object.assign(new Odd(CANARY), { value: CANARY }),
      named(CANARY),
      Object.assign(new Error("x"), { stack: `Error: x\n    at ${CANARY} file.js:1:2 ${CANARY}` }),
      Object.assign(new Error("x"), { stack: `    at ${CANARY}.js:1:2` }),
      Object.assign(new Error("x"), { stack: `Another:\n    at ${CANARY}.js:1:2` }),
      CANARY,
      { message: CANARY },
      null,
    ];
    for (const error of errors) {
      expect(JSON.stringify(failureLine({ ...REQUEST, error }))).not.toContain(CANARY);
    }
  });

  it("is one line", ({ expect }) => {
    const line = JSON.stringify(failureLine({ ...REQUEST, error: new Error("a\nb") }));
    expect(line).not.toContain("\n");
  });
});
