import fc from "fast-check";
import { describe, it } from "vitest";
import type { Observation } from "../protocol/lines.ts";
import { checkFreshness, type Observed } from "./freshness.ts";

const seen = (
  kind: Observation["kind"],
  version: number,
  startMs: number,
  endMs: number,
  token = version,
): Observed => ({
  startMs,
  endMs,
  history: [{ kind, key: "k", version, token }],
});

const violations = (operations: readonly Observed[], complete = true): readonly string[] =>
  checkFreshness(operations, complete)?.violations ?? [];

describe("freshness of reads", () => {
  it("finds a read of a version older than one acknowledged before the read began", ({
    expect,
  }) => {
    const history = [seen("write", 1, 0, 1), seen("write", 2, 2, 4), seen("read", 1, 5, 6)];
    expect(violations(history)).toEqual(["key k: read version 1 after 2 was acknowledged"]);
  });

  it("lets a read see either side of a write that is still on its way", ({ expect }) => {
    for (const version of [1, 2]) {
      expect(
        violations([seen("write", 1, 0, 1), seen("write", 2, 3, 9), seen("read", version, 4, 5)]),
      ).toEqual([]);
    }
  });

  it("does not judge what happened within the same millisecond", ({ expect }) => {
    expect(
      violations([seen("write", 1, 0, 1), seen("write", 2, 2, 5), seen("read", 1, 5, 6)]),
    ).toEqual([]);
  });

  it("is not fooled by a slow write that ends after a newer one", ({ expect }) => {
    const history = [seen("write", 3, 0, 2), seen("write", 2, 0, 8), seen("read", 2, 10, 11)];
    expect(violations(history)).toHaveLength(1);
  });

  it("finds one version with two values", ({ expect }) => {
    const history = [seen("write", 1, 0, 1, 7), seen("read", 1, 2, 3, 8)];
    expect(violations(history)).toEqual(["key k: version 1 has two values"]);
  });

  it("finds a version that no write produced, unless writes were left without an answer", ({
    expect,
  }) => {
    const history = [seen("write", 1, 0, 1), seen("read", 5, 2, 3)];
    expect(violations(history)).toEqual(["key k: read version 5, which no write produced"]);
    expect(violations(history, false)).toEqual([]);
  });

  it("checks nothing where a journey keeps no history", ({ expect }) => {
    expect(checkFreshness([{ startMs: 0, endMs: 1, history: [] }], true)).toBeNull();
  });

  it("agrees with comparing every read with every write, on random histories", ({ expect }) => {
    const operation = fc.record({
      kind: fc.constantFrom<Observation["kind"]>("read", "write"),
      key: fc.constantFrom("a", "b"),
      version: fc.nat({ max: 6 }),
      startMs: fc.nat({ max: 30 }),
      lasts: fc.nat({ max: 6 }),
    });
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 25 }), (drawn) => {
        const operations = drawn.map(
          ({ kind, key, version, startMs, lasts }): Observed => ({
            startMs,
            endMs: startMs + lasts,
            history: [{ kind, key, version, token: 0 }],
          }),
        );
        const stale = drawn.some(
          (read) =>
            read.kind === "read" &&
            drawn.some(
              (write) =>
                write.kind === "write" &&
                write.key === read.key &&
                write.startMs + write.lasts < read.startMs &&
                write.version > read.version,
            ),
        );
        expect(violations(operations, false).length > 0).toBe(stale);
      }),
    );
  });
});
