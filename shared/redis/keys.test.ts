import fc from "fast-check";
import { describe, it } from "vitest";
import { type KeySpace, storeKey } from "./keys.ts";

const SPACE: KeySpace = { instance: "main", pattern: "leaderboard", node: null, tenant: "acme" };

/** Text that contains what keys are made of more often than chance would have it. */
const component = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.string({ unit: fc.constantFrom(":", "-", "%", "2", "D", "3", "A", "a") }),
);

const place = fc.record({
  space: fc.record({
    instance: component,
    pattern: component,
    node: fc.option(component),
    tenant: component,
  }),
  parts: fc.array(component, { maxLength: 3 }),
});

describe("a store key", () => {
  it("names instance, pattern, node, tenant and parts, and reads as they do", ({ expect }) => {
    expect(storeKey(SPACE, "board", "weekly~2026.W47")).toBe(
      "main:leaderboard:-:acme:board:weekly~2026.W47",
    );
    expect(storeKey({ ...SPACE, node: "node-1" }, "a:b", "ü")).toBe(
      "main:leaderboard:node-1:acme:a%3Ab:%C3%BC",
    );
  });

  it("tells a node that is called - from no node", ({ expect }) => {
    expect(storeKey({ ...SPACE, node: "-" })).not.toBe(storeKey(SPACE));
  });

  it("tells an empty part from no part", ({ expect }) => {
    expect(storeKey(SPACE, "")).not.toBe(storeKey(SPACE));
  });

  it("is shared by no two places", ({ expect }) => {
    fc.assert(
      fc.property(place, place, (a, b) => {
        const isSameKey = storeKey(a.space, ...a.parts) === storeKey(b.space, ...b.parts);
        expect(isSameKey).toBe(JSON.stringify(a) === JSON.stringify(b));
      }),
      { numRuns: 2_000 },
    );
  });

  it("can be read back: its components are those it was made of", ({ expect }) => {
    fc.assert(
      fc.property(place, ({ space, parts }) => {
        const [instance, pattern, node, tenant, ...rest] = storeKey(space, ...parts).split(":");
        const texts = [instance, pattern, tenant, ...rest].map((text) =>
          decodeURIComponent(text ?? ""),
        );
        expect(texts).toEqual([space.instance, space.pattern, space.tenant, ...parts]);
        expect(node === "-" ? null : decodeURIComponent(node ?? "")).toBe(space.node);
      }),
    );
  });

  it("cannot be made of text that no encoding can hold", ({ expect }) => {
    expect(() => storeKey(SPACE, "\ud800")).toThrow(URIError);
  });
});
