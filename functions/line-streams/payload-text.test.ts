import fc from "fast-check";
import { describe, it } from "vitest";
import { payloadTexts } from "./payload-text.ts";

/** JSON as somebody might write it: the value, and a text of it with odd spaces. */
function spaced(value: unknown, space: string): string {
  return JSON.stringify(value, null, space.length === 0 ? undefined : space);
}

describe("the text of a payload", () => {
  it("is what was written between the others", ({ expect }) => {
    fc.assert(
      fc.property(
        fc.array(fc.jsonValue(), { minLength: 1 }),
        fc.constantFrom("", " ", "\t", "\n"),
        (values, space) => {
          const texts = values.map((value) => spaced(value, space));
          const members = texts.map(
            (text, i) => `{ "key":"a\\"}k${i}" ,\n"payload" :${space}${text}${space}}`,
          );
          expect(payloadTexts(`{"messages": [ ${members.join(" , ")} ]}`)).toEqual(texts);
          expect(payloadTexts(` {"payload":${texts[0]},"key":"{[,"}`)).toEqual([texts[0]]);
        },
      ),
    );
  });

  it("keeps what a double would not, and of equal names the last", ({ expect }) => {
    const text = '{"payload":1,"key":"k","p\\u0061yload":123456789012345678901.50e400}';
    expect(payloadTexts(text)).toEqual(["123456789012345678901.50e400"]);
    expect(payloadTexts('{"messages":[{"payload":null},{"payload":"]}"}]}')).toEqual([
      "null",
      '"]}"',
    ]);
  });
});
