import { describe, it } from "vitest";
import { fingerprint } from "./fingerprint.ts";

describe("fingerprints", () => {
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
