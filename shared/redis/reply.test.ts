import { describe, it } from "vitest";
import { expired, integer, list, MalformedReply, nullable, text } from "./reply.ts";

describe("reading a reply", () => {
  it("takes integers as numbers and as digits", ({ expect }) => {
    expect([integer(7), integer("-7"), integer(String(Number.MAX_SAFE_INTEGER))]).toEqual([
      7,
      -7,
      Number.MAX_SAFE_INTEGER,
    ]);
  });

  it("refuses what is no safe integer", ({ expect }) => {
    for (const reply of ["", "1.5", "9007199254740992", "1e3", "x", 1.5, null, undefined, [1]]) {
      expect(() => integer(reply), String(reply)).toThrow(MalformedReply);
    }
  });

  it("takes text and lists as they are, and nothing else for them", ({ expect }) => {
    expect([text("a"), list([1, "b"])]).toEqual(["a", [1, "b"]]);
    for (const reply of [1, null, undefined, ["a"]])
      expect(() => text(reply)).toThrow(MalformedReply);
    for (const reply of [1, null, undefined, "a"])
      expect(() => list(reply)).toThrow(MalformedReply);
  });

  it("reads null and a missing element as null", ({ expect }) => {
    expect([nullable(null, text), nullable(undefined, text), nullable("a", text)]).toEqual([
      null,
      null,
      "a",
    ]);
    expect(() => nullable(1, text)).toThrow(MalformedReply);
  });

  it("takes the refusal of a late write, and nothing else for one", ({ expect }) => {
    expect(expired(["expired", 7])).toEqual({ kind: "expired", storeNowMs: 7 });
    for (const reply of [["expired"], ["done", 7], "expired", null]) {
      expect(() => expired(reply)).toThrow(MalformedReply);
    }
  });
});
