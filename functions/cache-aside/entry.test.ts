import fc from "fast-check";
import { describe, it } from "vitest";
import { decodeEntry, type Entry, encodeEntry } from "./entry.ts";

const instant = fc.integer({ min: 0, max: 9_999_999_999_999 });

const entries: fc.Arbitrary<Entry> = fc.record({
  version: fc.option(fc.bigInt({ min: 1n, max: 2n ** 63n - 1n }).map(String)),
  value: fc.json(),
  loadedAtMs: instant,
  freshUntilMs: instant,
  loadMs: fc.integer({ min: 0, max: 10_000 }),
});

describe("entry", () => {
  it("is decoded as it was encoded, and its value character by character", ({ expect }) => {
    fc.assert(
      fc.property(entries, (entry) => {
        expect(decodeEntry(encodeEntry(entry))).toEqual(entry);
      }),
    );
  });

  it("keeps a value that holds line breaks and looks like a header", ({ expect }) => {
    const entry = {
      version: "7",
      value: '"\n1 1 1 1 1\n"',
      loadedAtMs: 1,
      freshUntilMs: 2,
      loadMs: 3,
    };
    expect(decodeEntry(encodeEntry(entry))).toEqual(entry);
  });

  it("is null for anything that is not an entry of this format", ({ expect }) => {
    const foreign = [
      "",
      "1",
      "1 2 3 4 5",
      "2 2 3 4 5\n1",
      "1 x 3 4 5\n1",
      "1 2 3 4\n1",
      '{"a":1}\n',
    ];
    expect(foreign.map(decodeEntry)).toEqual(foreign.map(() => null));
    fc.assert(
      fc.property(fc.string(), (text) => {
        if (!text.startsWith("1 ")) expect(decodeEntry(text)).toBeNull();
      }),
    );
  });
});
