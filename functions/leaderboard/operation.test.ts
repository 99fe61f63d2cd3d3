import { describe, it } from "vitest";
import { callerOperationId, fingerprint, workerOperationId } from "./operation.ts";

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

  it("tell one list of scores from another", ({ expect }) => {
    const of = (member: string, score: number, metadata: string | null = null) => ({
      member,
      score,
      metadata,
    });
    const lists = [
      [of("a", 1), of("b", 2)],
      [of("b", 2), of("a", 1)],
      [of("a", 1)],
      [of("a", 2)],
      [of("a", 1, "1")],
      [of("a", 1, "null")],
      [of("a", 11)],
    ];
    const prints = lists.map(fingerprint);
    expect(new Set(prints).size).toBe(lists.length);
    expect(prints.join("")).not.toContain(" ");
  });
});
