import fc from "fast-check";
import { describe, it } from "vitest";
import { boundedCache } from "./bounded-cache.ts";

describe("a bounded cache", () => {
  it("keeps an entry for its time and not a millisecond longer", ({ expect }) => {
    const cache = boundedCache<string>({ entriesMax: 2, ttlMs: 100 });
    cache.set("a", "1", 0);
    expect([cache.get("a", 99), cache.get("a", 100), cache.get("a", 99)]).toEqual([
      "1",
      undefined,
      undefined,
    ]);
  });

  it("forgets what was set longest ago when it is full", ({ expect }) => {
    const cache = boundedCache<number>({ entriesMax: 2, ttlMs: 100 });
    cache.set("a", 1, 0);
    cache.set("b", 2, 0);
    cache.set("a", 3, 1);
    cache.set("c", 4, 1);
    expect([cache.get("a", 1), cache.get("b", 1), cache.get("c", 1)]).toEqual([3, undefined, 4]);
  });

  it("forgets nothing for an entry that is only set again", ({ expect }) => {
    const cache = boundedCache<number>({ entriesMax: 2, ttlMs: 100 });
    cache.set("a", 1, 0);
    cache.set("b", 2, 0);
    cache.set("b", 3, 1);
    expect([cache.get("a", 1), cache.get("b", 1)]).toEqual([1, 3]);
  });

  it("forgets what is from the future of a clock that was put back", ({ expect }) => {
    const cache = boundedCache<string>({ entriesMax: 2, ttlMs: 100 });
    cache.set("a", "1", 1_000);
    expect([cache.get("a", 1_000), cache.get("a", 999)]).toEqual(["1", undefined]);
  });

  it("forgets what is deleted", ({ expect }) => {
    const cache = boundedCache<number>({ entriesMax: 2, ttlMs: 100 });
    cache.set("a", 1, 0);
    cache.delete("a");
    expect(cache.get("a", 0)).toBeUndefined();
  });

  it("never holds more than its bound, nor anything that was not set last", ({ expect }) => {
    const key = fc.constantFrom("a", "b", "c", "d", "e");
    fc.assert(
      fc.property(fc.array(fc.tuple(key, fc.nat(20))), (sets) => {
        const cache = boundedCache<number>({ entriesMax: 3, ttlMs: 50 });
        const last = new Map<string, { value: number; atMs: number }>();
        let nowMs = 0;
        sets.forEach(([name, stepMs], value) => {
          nowMs += stepMs;
          cache.set(name, value, nowMs);
          last.set(name, { value, atMs: nowMs });
          const held = [...last.keys()].filter((each) => cache.get(each, nowMs) !== undefined);
          expect(held.length).toBeLessThanOrEqual(3);
          for (const each of held) {
            expect(cache.get(each, nowMs)).toBe(last.get(each)?.value);
            expect(nowMs - (last.get(each)?.atMs ?? 0)).toBeLessThan(50);
          }
        });
      }),
    );
  });
});
