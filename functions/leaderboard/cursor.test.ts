import fc from "fast-check";
import { describe, it } from "vitest";
import { CURSOR_CHARACTERS_MAX, type Cursor, decodeCursor, encodeCursor } from "./cursor.ts";
import { SCORE_MAX } from "./score.ts";

const someCursor: fc.Arbitrary<Cursor> = fc.record({
  revision: fc.stringMatching(/^[A-Za-z0-9_-]{22}$/),
  rankingId: fc.constantFrom("all", "2026-10-23", "2026-W43", "2026-10"),
  storedScore: fc.maxSafeInteger().map((score) => score + 0),
  element: fc.stringMatching(/^(?:\d{16}:)?[A-Za-z0-9._~:@-]{1,128}$/),
});

const opaque = (text: string) => Buffer.from(text).toString("base64url");

describe("cursors", () => {
  it("come back as they were, in characters that need no escaping", ({ expect }) => {
    fc.assert(
      fc.property(someCursor, (cursor) => {
        const text = encodeCursor(cursor);
        expect(text).toMatch(/^[A-Za-z0-9_-]+$/);
        expect(text.length).toBeLessThanOrEqual(CURSOR_CHARACTERS_MAX);
        expect(decodeCursor(text)).toEqual(cursor);
      }),
    );
  });

  it("are refused when they were not made here", ({ expect }) => {
    const wrong = [
      "",
      "!",
      "x",
      "=".repeat(8),
      opaque(""),
      opaque("1 r all 5"),
      opaque("2 r all 5 member"),
      opaque("1 r all 05 member"),
      opaque("1 r all -0 member"),
      opaque("1 r all 1.5 member"),
      opaque(`1 r all ${SCORE_MAX}0 member`),
      opaque("1 r all 9007199254740993 member"),
      opaque("1 r all 5 member "),
      opaque("1 r all 5 mem ber"),
      opaque(`1 r all 5 ${"m".repeat(146)}`),
      "A".repeat(CURSOR_CHARACTERS_MAX + 1),
      opaque("1 r all 5 member").replace(/.$/, (last) =>
        String.fromCharCode(last.charCodeAt(0) + 1),
      ),
    ];
    for (const text of wrong) expect(decodeCursor(text), text).toBeNull();
  });

  it("are refused whatever text they are", ({ expect }) => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(decodeCursor(text)).toBeNull();
      }),
    );
  });
});
