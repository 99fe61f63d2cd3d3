import { describe, it } from "vitest";
import { labelOf, PayloadError, readPayload } from "./payload.ts";

const single = (text: string) => ({ kind: "single", statement: { text, params: [] } }) as const;

describe("readPayload", () => {
  it("reads one query, with the row shape of the headers", ({ expect }) => {
    const body = JSON.stringify({ query: "SELECT $1", params: [1], unknown: "ignored" });
    expect(
      readPayload(body, { "neon-array-mode": "true", "neon-raw-text-output": "TRUE" }),
    ).toEqual({
      request: { kind: "single", statement: { text: "SELECT $1", params: ["1"] } },
      shapes: [{ isArray: true, isRawText: false }],
    });
    expect(
      readPayload(body, { "neon-array-mode": "TRUE", "neon-raw-text-output": "true" }).shapes,
    ).toEqual([{ isArray: false, isRawText: true }]);
  });

  it("lets a query choose its own row shape", ({ expect }) => {
    const body = JSON.stringify({
      queries: [{ query: "a", arrayMode: false }, { query: "b", arrayMode: null }, { query: "c" }],
    });
    const { shapes } = readPayload(body, { "neon-array-mode": "true" });
    expect(shapes.map(({ isArray }) => isArray)).toEqual([false, true, true]);
  });

  it("reads a batch and its transaction mode; only the exact word true is true", ({ expect }) => {
    const body = JSON.stringify({ queries: [{ query: "SELECT 1" }] });
    expect(
      readPayload(body, {
        "neon-batch-isolation-level": "RepeatableRead",
        "neon-batch-read-only": "true",
        "neon-batch-deferrable": "True",
      }).request,
    ).toMatchObject({
      kind: "transaction",
      mode: { isolation: "REPEATABLE READ", isReadOnly: true, isDeferrable: false },
    });
  });

  it("reads each flag of a transaction mode on its own", ({ expect }) => {
    const body = JSON.stringify({ queries: [{ query: "SELECT 1" }] });
    const none = { isolation: null, isReadOnly: false, isDeferrable: false };
    expect(readPayload(body, {}).request).toMatchObject({ mode: none });
    expect(readPayload(body, { "neon-batch-deferrable": "true" }).request).toMatchObject({
      mode: { ...none, isDeferrable: true },
    });
    expect(readPayload(body, { "neon-batch-read-only": "true" }).request).toMatchObject({
      mode: { ...none, isReadOnly: true },
    });
  });

  it("refuses what Neon refuses, in its words", ({ expect }) => {
    const refusals = [
      ["{", "could not parse the HTTP request body: "],
      ["[]", "data did not match any variant of untagged enum Payload"],
      ['{"query": 1}', "data did not match any variant"],
      ['{"query": "a", "params": null}', "data did not match any variant"],
      ['{"queries": [{"query": "a"}, {}]}', "data did not match any variant"],
      ['{"query": "a\\u0000b"}', "string contains embedded null"],
      ['{"query": "a", "params": ["\\ud800"]}', "lone leading surrogate"],
      ['{"query": "a", "params": ["\\uDC00"]}', "lone leading surrogate"],
    ] as const;
    for (const [body, message] of refusals) {
      expect(() => readPayload(body, {}), body).toThrow(PayloadError);
      expect(() => readPayload(body, {}), body).toThrow(message);
    }
    for (const level of ["serializable", "constructor", "toString"]) {
      const headers = { "neon-batch-isolation-level": level };
      expect(() => readPayload("{}", headers), level).toThrow("invalid isolation level");
    }
  });

  it("takes 65,535 parameters and refuses one more", ({ expect }) => {
    const body = (count: number) =>
      JSON.stringify({ query: "a", params: Array.from({ length: count }, () => 1) });
    expect(readPayload(body(65_535), {}).request).toMatchObject({ kind: "single" });
    expect(() => readPayload(body(65_536), {})).toThrow("value too large to transmit");
  });

  it("keeps the digits of a number that JavaScript cannot hold", ({ expect }) => {
    for (const digits of [
      "9007199254740993",
      "12345678.123456789012",
      "1e400",
      "1.50",
      "-0.10E-9",
    ]) {
      const { request } = readPayload(`{"query": "a", "params": [${digits}]}`, {});
      expect(request).toMatchObject({ statement: { params: [digits] } });
    }
  });

  it("takes a whole surrogate pair for what it is", ({ expect }) => {
    const { request } = readPayload('{"query": "a", "params": ["\\ud83d\\ude00"]}', {});
    expect(request).toMatchObject({ statement: { params: ["\u{1f600}"] } });
  });
});

describe("labelOf", () => {
  it("is the first word of the SQL, past comments and parentheses", ({ expect }) => {
    expect(labelOf(single("select 1"))).toBe("SELECT");
    expect(labelOf(single("  -- note\n /* long\n note */ ((Insert into t"))).toBe("INSERT");
    expect(labelOf(single("-- nothing"))).toBe("");
    expect(labelOf(single(""))).toBe("");
  });

  it("is that of the first statement of a batch", ({ expect }) => {
    const { request } = readPayload(
      JSON.stringify({ queries: [{ query: "update t" }, { query: "select 1" }] }),
      {},
    );
    expect(labelOf(request)).toBe("UPDATE");
  });
});
