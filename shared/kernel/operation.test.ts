import { describe, it } from "vitest";
import { callerOperationId, workerOperationId } from "./operation.ts";

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
});
