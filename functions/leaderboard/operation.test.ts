import { describe, it } from "vitest";
import { callerOperationId, fingerprint, workerOperationId } from "./operation.ts";

describe("operations", () => {
  it("are the same for the same key in the same scope, and for no other", ({ expect }) => {
    const id = callerOperationId("scores", "k");
    expect(callerOperationId("scores", "k")).toBe(id);
    expect(callerOperationId("scores/batch", "k")).not.toBe(id);
    expect(callerOperationId("scores", "K")).not.toBe(id);
  });

  it("take 16 bytes however long the key", ({ expect }) => {
    expect(callerOperationId("scores", "k".repeat(128))).toMatch(/^caller-[0-9a-f]{32}$/);
  });

  it("of callers and of Workers cannot meet", ({ expect }) => {
    expect(workerOperationId("x")).toBe("worker-x");
  });

  it("tell one list of scores from another", ({ expect }) => {
    const lists = [["a 1 ", "b 2 "], ["a 1 "], ["b 2 ", "a 1 "], ['a 1 "b 2 "']];
    expect(new Set(lists.map(fingerprint)).size).toBe(lists.length);
  });
});
