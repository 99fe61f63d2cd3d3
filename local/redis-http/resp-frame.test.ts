import * as fc from "fast-check";
import { describe, it } from "vitest";
import { measureReply } from "./resp-frame.ts";

const replies: { readonly reply: fc.Arbitrary<string> } = fc.letrec((tie) => ({
  reply: fc.oneof(
    { maxDepth: 4, depthSize: "small" },
    fc.constantFrom(
      "+OK\r\n",
      "-ERR no\r\n",
      ":-12\r\n",
      "$-1\r\n",
      "*-1\r\n",
      "$0\r\n\r\n",
      "*0\r\n",
    ),
    fc
      .string({ unit: fc.constantFrom("a", "\r", "\n", "$", "*", "1", ":") })
      .map((text) => `$${text.length}\r\n${text}\r\n`),
    fc
      .array(tie("reply") as fc.Arbitrary<string>, { maxLength: 5 })
      .map((items) => `*${items.length}\r\n${items.join("")}`),
  ),
}));

const reply: fc.Arbitrary<string> = replies.reply;

describe("measureReply", () => {
  it("finds the end of any reply, wherever it stands", ({ expect }) => {
    void fc.assert(
      fc.property(reply, fc.string(), fc.string(), (text, before, after) => {
        const bytes = Buffer.from(before + text + after);
        const start = Buffer.byteLength(before);
        expect(measureReply(bytes, start)).toEqual({
          kind: "whole",
          end: start + Buffer.byteLength(text),
        });
      }),
    );
  });

  it("asks for more bytes, never for more than there will be, while a reply is cut short", ({
    expect,
  }) => {
    void fc.assert(
      fc.property(reply, fc.nat(), (text, at) => {
        const whole = Buffer.from(text);
        const cut = at % whole.length;
        const frame = measureReply(whole.subarray(0, cut), 0);
        expect(frame.kind).toBe("partial");
        if (frame.kind !== "partial") return;
        expect(frame.sizeBytes).toBeGreaterThan(cut);
        expect(frame.sizeBytes).toBeLessThanOrEqual(whole.length);
      }),
    );
  });

  it("refuses what is no RESP2", ({ expect }) => {
    expect(() => measureReply(Buffer.from("$abc\r\nabc\r\n"), 0)).toThrow("not a RESP2 reply");
  });
});
