import { describe, it } from "vitest";
import { ExactNumber, keepDigits, paramText } from "./params.ts";

describe("paramText", () => {
  // The examples of Neon's own tests, proxy/src/serverless/json.rs.
  it("writes atoms as Neon does", ({ expect }) => {
    expect([true, false, 42, 'foo"', null].map(paramText)).toEqual([
      "true",
      "false",
      "42",
      'foo"',
      null,
    ]);
  });

  it("writes arrays as Neon does: strings quoted, NULL bare, nesting kept", ({ expect }) => {
    expect(paramText([true, false, null, "NULL", 42, "foo", 'bar"-\\'])).toBe(
      '{true,false,NULL,"NULL",42,"foo","bar\\"-\\\\"}',
    );
    expect(
      paramText([
        [true, false],
        [null, 42],
        ["foo", 'bar"-\\'],
      ]),
    ).toBe('{{true,false},{NULL,42},{"foo","bar\\"-\\\\"}}');
    expect(paramText([{ foo: 1 }, { bar: 2 }])).toBe('{"{\\"foo\\":1}","{\\"bar\\":2}"}');
    expect(paramText([])).toBe("{}");
  });

  it("keeps the digits of numbers that JavaScript cannot hold", ({ expect }) => {
    const parsed = JSON.parse(
      '[9007199254740993, [9007199254740993], {"n": 9007199254740993}]',
      keepDigits,
    );
    expect(parsed.map(paramText)).toEqual([
      "9007199254740993",
      "{9007199254740993}",
      '{"n":9007199254740993}',
    ]);
    expect(JSON.parse("[1, 1.5, 1e3]", keepDigits)).toEqual([1, 1.5, new ExactNumber("1e3")]);
  });
});
