import fc from "fast-check";
import { describe, it } from "vitest";
import { addCounters, COUNTERS_MAX, type Counters } from "./totals.ts";

const counters = fc.dictionary(
  fc.constantFrom("status:200", "status:404", "trips", "code:held", "le:0.1", "__proto__"),
  fc.nat(1_000),
);

const countOf = (all: Counters, name: string) =>
  Object.entries(all).find(([each]) => each === name)?.[1] ?? 0;

describe("adding counters", () => {
  it("gives for each counter the sum of what was added, in whatever order", ({ expect }) => {
    fc.assert(
      fc.property(fc.array(counters, { maxLength: 5 }), (deltas) => {
        const sum = deltas.reduce(addCounters, {});
        const reversed = deltas.toReversed().reduce(addCounters, {});
        for (const name of ["status:200", "status:404", "trips", "code:held", "le:0.1"]) {
          const expected = deltas.reduce((total, delta) => total + countOf(delta, name), 0);
          expect([countOf(sum, name), countOf(reversed, name)]).toEqual([expected, expected]);
        }
      }),
    );
  });

  it("counts what comes beyond the bound as other of its kind, and loses none", ({ expect }) => {
    const names = Array.from({ length: COUNTERS_MAX + 50 }, (_, i) => `code:c${i}`);
    const sum = addCounters({}, Object.fromEntries(names.map((name) => [name, 1])));
    expect(Object.keys(sum).length).toBeLessThanOrEqual(COUNTERS_MAX + 1);
    expect(sum["code:other"]).toBe(50);
    expect(Object.values(sum).reduce((a, b) => a + b, 0)).toBe(names.length);
    const again = addCounters(sum, { "code:c0": 1, "code:new": 1, runs: 1 });
    expect(again).toMatchObject({ "code:c0": 2, "code:other": 51, other: 1 });
  });
});
