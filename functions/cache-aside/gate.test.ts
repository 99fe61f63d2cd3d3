import fc from "fast-check";
import { describe, it } from "vitest";
import { createGate } from "./gate.ts";

describe("gate", () => {
  it("lets in as many as there are places, and the next one when one has left", ({ expect }) => {
    const gate = createGate(2);
    const first = gate.enter(0, 100);
    expect([first, gate.enter(0, 100), gate.enter(0, 100)]).toEqual([1, 2, null]);
    gate.leave(1);
    expect(gate.enter(0, 100)).toBe(3);
  });

  it("takes back the place of a request that was cancelled, when its time is over", ({
    expect,
  }) => {
    const gate = createGate(1);
    gate.enter(0, 100);
    expect(gate.enter(99, 200)).toBeNull();
    expect(gate.enter(100, 200)).not.toBeNull();
  });

  it("never has more requests inside than places", ({ expect }) => {
    const moves = fc.array(fc.oneof(fc.constant("enter"), fc.nat(20)), { maxLength: 60 });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5 }), moves, (places, steps) => {
        const gate = createGate(places);
        const inside = new Set<number>();
        for (const step of steps) {
          if (step === "enter") {
            const ticket = gate.enter(0, 1);
            if (ticket === null) expect(inside.size).toBe(places);
            else inside.add(ticket);
          } else if (typeof step === "number") {
            gate.leave(step);
            inside.delete(step);
          }
          expect(inside.size).toBeLessThanOrEqual(places);
        }
      }),
    );
  });
});
