import { describe, it } from "vitest";
import { callerOperationId, operationOf, workerOperationId } from "./operation.ts";

describe("operations", () => {
  it("are the same for the same key in the same scope, and for no other", ({ expect }) => {
    const id = callerOperationId("scores", "k");
    expect(callerOperationId("scores", "k")).toBe(id);
    expect(callerOperationId("scores/batch", "k")).not.toBe(id);
    expect(callerOperationId("scores/batch", "k")).not.toBe(
      callerOperationId("scores", "/batch-k"),
    );
    expect(callerOperationId("scores", "K")).not.toBe(id);
  });

  it("of callers and of Workers cannot meet", ({ expect }) => {
    expect(workerOperationId("x")).toBe("worker-x");
  });

  it("of a caller who named one are kept for a day and told apart by what they ask for", ({
    expect,
  }) => {
    const caller = { idempotencyKey: "k", scope: "scores" };
    expect(operationOf("n", caller, () => "print")).toEqual({
      id: "caller-scores-k",
      fingerprint: "print",
      nonce: "n",
      answerMs: 86_400_000,
    });
  });

  it("that nobody can ask for again are kept for a moment, and cost no fingerprint", ({
    expect,
  }) => {
    const never = () => {
      throw new Error("a fingerprint was taken");
    };
    expect(operationOf("n", null, never)).toEqual({
      id: "worker-n",
      fingerprint: "-",
      nonce: "n",
      answerMs: 1_000,
    });
  });
});
