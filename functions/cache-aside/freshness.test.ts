import fc from "fast-check";
import { describe, it } from "vitest";
import type { Entry } from "./entry.ts";
import {
  ABSENT_FRESH_MS,
  FRESH_MS,
  freshnessOf,
  JITTER,
  lifetimeOf,
  REVALIDATE_MS,
  STALE_IF_ERROR_MS,
} from "./freshness.ts";

const item: Entry = { version: "1", value: "1", loadedAtMs: 0, freshUntilMs: 1_000, loadMs: 10 };
const absence: Entry = { ...item, version: null, value: "" };
const never = () => 0;

describe("freshness of an item", () => {
  it("passes through its ages at the named instants", ({ expect }) => {
    const at = (nowMs: number) => freshnessOf(item, nowMs, never);
    expect(at(999)).toBe("fresh");
    expect(at(1_000)).toBe("revalidate");
    expect(at(1_000 + REVALIDATE_MS - 1)).toBe("revalidate");
    expect(at(1_000 + REVALIDATE_MS)).toBe("last_resort");
    expect(at(1_000 + STALE_IF_ERROR_MS - 1)).toBe("last_resort");
    expect(at(1_000 + STALE_IF_ERROR_MS)).toBe("gone");
  });

  it("is renewed early when the dice say that its load is worth it", ({ expect }) => {
    // -ln(1 - 0.9) is about 2.3: a load of 10 ms is begun at most 23 ms ahead.
    expect(freshnessOf(item, 976, () => 0.9)).toBe("fresh");
    expect(freshnessOf(item, 977, () => 0.9)).toBe("early");
    expect(freshnessOf({ ...item, loadMs: 100 }, 770, () => 0.9)).toBe("early");
    expect(freshnessOf({ ...item, loadMs: 0 }, 999, () => 0.999_999)).toBe("fresh");
  });

  it("is renewed early more often the nearer its end is", ({ expect }) => {
    fc.assert(
      fc.property(
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        fc.nat(999),
        fc.nat(999),
        (chance, a, b) => {
          const isEarly = (nowMs: number) => freshnessOf(item, nowMs, () => chance) === "early";
          if (isEarly(Math.min(a, b))) expect(isEarly(Math.max(a, b))).toBe(true);
        },
      ),
    );
  });
});

describe("freshness of an absence", () => {
  it("ends at once: it is never served stale nor renewed early", ({ expect }) => {
    expect(freshnessOf(absence, 999, () => 0.999_999)).toBe("fresh");
    expect(freshnessOf(absence, 1_000, never)).toBe("gone");
  });
});

describe("lifetime", () => {
  it("is spread by at most the jitter both ways, and kept for as long as it may be served", ({
    expect,
  }) => {
    fc.assert(
      fc.property(fc.boolean(), fc.double({ min: 0, max: 1, noNaN: true }), (isAbsent, chance) => {
        const meanMs = isAbsent ? ABSENT_FRESH_MS : FRESH_MS;
        const { freshMs, keptMs } = lifetimeOf(isAbsent, () => chance);
        expect(Math.abs(freshMs - meanMs)).toBeLessThanOrEqual(meanMs * JITTER + 1);
        expect(keptMs - freshMs).toBe(isAbsent ? 0 : STALE_IF_ERROR_MS);
      }),
    );
  });

  it("reaches both ends of the jitter", ({ expect }) => {
    expect(lifetimeOf(false, () => 0).freshMs).toBe(54_000);
    expect(lifetimeOf(false, () => 1).freshMs).toBe(66_000);
  });
});
