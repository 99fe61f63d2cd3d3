import fc from "fast-check";
import { describe, it } from "vitest";
import type { ConsistencyLevel } from "../protocol/journey-meta.ts";
import type { Observation } from "../protocol/lines.ts";
import { checkHistory, type Observed } from "./history.ts";

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

const violations = (
  operations: readonly Observed[],
  complete = true,
  level: ConsistencyLevel = "fresh",
): readonly string[] => checkHistory(operations, level, complete)?.violations ?? [];

const operation = fc.record({
  kind: fc.constantFrom<Observation["kind"]>("read", "write"),
  key: fc.constantFrom("a", "b"),
  version: fc.nat({ max: 6 }),
  startMs: fc.nat({ max: 30 }),
  lasts: fc.nat({ max: 6 }),
});

type Drawn = typeof operation extends fc.Arbitrary<infer Value> ? Value : never;

const observed = ({ kind, key, version, startMs, lasts }: Drawn): Observed => ({
  startMs,
  endMs: startMs + lasts,
  history: [{ kind, key, version, token: 0 }],
});

const endedBefore = (earlier: Drawn, later: Drawn): boolean =>
  earlier.key === later.key && earlier.startMs + earlier.lasts < later.startMs;

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

  it("finds it among writes alone", ({ expect }) => {
    expect(violations([seen("write", 1, 0, 1, 7), seen("write", 1, 2, 3, 8)])).toHaveLength(1);
  });

  it("finds a version that no write produced, unless writes were left without an answer", ({
    expect,
  }) => {
    const history = [seen("write", 1, 0, 1), seen("read", 5, 2, 3)];
    expect(violations(history)).toEqual(["key k: read version 5, which no write produced"]);
    expect(violations(history, false)).toEqual([]);
  });

  it("checks nothing where a journey keeps no history", ({ expect }) => {
    expect(checkHistory([{ startMs: 0, endMs: 1, history: [] }], "fresh", true)).toBeNull();
  });

  it("agrees with comparing every read with every write, on random histories", ({ expect }) => {
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 25 }), (drawn) => {
        const stale = drawn.some(
          (read) =>
            read.kind === "read" &&
            drawn.some(
              (write) =>
                write.kind === "write" && endedBefore(write, read) && write.version > read.version,
            ),
        );
        expect(violations(drawn.map(observed), false).length > 0).toBe(stale);
      }),
    );
  });
});

describe("one order for all callers", () => {
  // A write is under way from 2 to 20; one reader has seen it, the next one has not.
  const inversion = [
    seen("write", 1, 0, 1),
    seen("write", 2, 2, 20),
    seen("read", 2, 5, 6),
    seen("read", 1, 8, 9),
  ];

  it("is broken by a reader who goes behind what another has read, though no write had ended", ({
    expect,
  }) => {
    expect(violations(inversion, true, "fresh")).toEqual([]);
    expect(violations(inversion, true, "linearizable")).toEqual([
      "key k: read version 1 after 2 was read or acknowledged",
    ]);
  });

  it("lets reads that overlap see either side", ({ expect }) => {
    const [first, write] = inversion;
    if (!first || !write) throw new Error("the inversion begins with two writes");
    const overlapping = [first, write, seen("read", 2, 5, 8), seen("read", 1, 7, 9)];
    expect(violations(overlapping, true, "linearizable")).toEqual([]);
  });

  it("is broken by a write that is placed before what was seen when it began", ({ expect }) => {
    const early = [seen("write", 1, 0, 1), seen("read", 2, 3, 4), seen("write", 2, 6, 7)];
    expect(violations(early, true, "linearizable")).toEqual([
      "key k: wrote version 2 after 2 was read or acknowledged",
    ]);
    expect(violations(early, true, "fresh")).toEqual([]);
  });

  it("agrees with comparing every operation with every other, on random histories", ({
    expect,
  }) => {
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 25 }), (drawn) => {
        const disordered = drawn.some((later) =>
          drawn.some(
            (earlier) =>
              endedBefore(earlier, later) &&
              (later.kind === "read"
                ? earlier.version > later.version
                : earlier.version >= later.version),
          ),
        );
        expect(violations(drawn.map(observed), false, "linearizable").length > 0).toBe(disordered);
      }),
    );
  });

  it("is asked of nobody who promises less than fresh reads", ({ expect }) => {
    const stale = [seen("write", 1, 0, 1), seen("write", 2, 2, 4), seen("read", 1, 5, 6)];
    expect(violations(stale, true, "session")).toEqual([]);
    expect(violations(stale, true, "eventual")).toEqual([]);
    expect(violations([...stale, seen("read", 1, 7, 8, 9)], true, "eventual")).toHaveLength(1);
  });
});
