import { describe, it } from "vitest";
import type { SqlOutcome } from "./database.ts";
import { ownError } from "./postgres-error.ts";
import { readCommandTag, refusalReply, resultReply } from "./reply.ts";

const FIELDS = [
  "message",
  "code",
  "detail",
  "hint",
  "position",
  "internalPosition",
  "internalQuery",
  "severity",
  "where",
  "table",
  "column",
  "schema",
  "dataType",
  "constraint",
  "file",
  "line",
  "routine",
];

const REFUSALS: readonly (readonly [
  outcome: Exclude<SqlOutcome, { kind: "done" }>,
  status: number,
  message: string,
  code: string,
])[] = [
  [{ kind: "failed", error: ownError("23505", "twice") }, 400, "twice", "23505"],
  [{ kind: "lost", message: "gone" }, 400, "error communicating with the server: gone", ""],
  [
    { kind: "unavailable", message: "refused", error: null },
    500,
    "error connecting to server: refused",
    "",
  ],
  [
    { kind: "unavailable", message: "x", error: ownError("57P03", "starting up") },
    500,
    "starting up",
    "57P03",
  ],
  [{ kind: "busy" }, 500, "Failed to acquire permit to connect to the database.", ""],
  [{ kind: "cancelled" }, 400, "Query cancelled, connection was terminated", "08P01"],
  [{ kind: "too-large" }, 507, "response is too large (max is 10485760 bytes)", ""],
  [{ kind: "unexpected-message" }, 400, "unexpected message from server", ""],
];

describe("refusalReply", () => {
  it("has Neon's status, words and every field for each outcome", ({ expect }) => {
    for (const [outcome, status, message, code] of REFUSALS) {
      const reply = refusalReply(outcome);
      const body = JSON.parse(String(reply.body));
      expect(reply.status, outcome.kind).toBe(status);
      expect(reply.headers["content-type"]).toBe("application/json");
      expect(Object.keys(body)).toEqual(FIELDS);
      expect(body.message).toContain(message);
      expect(body.code).toBe(code);
    }
  });
});

describe("resultReply", () => {
  const field = { tableID: 0, columnID: 0, dataTypeSize: 4, dataTypeModifier: -1 };
  const result = {
    fields: [
      { ...field, name: 'a"', dataTypeID: 23 },
      { ...field, name: 'a"', dataTypeID: 25 },
    ],
    rows: [["1", null]],
    commandTag: "SELECT 1",
  };
  const options = { isBatch: false, elementTypeOf: () => null };

  it("writes rows as objects of typed values unless asked otherwise", ({ expect }) => {
    const body = (isArray: boolean, isRawText: boolean) =>
      String(resultReply([result], [{ isArray, isRawText }], options).body);
    expect(body(false, false)).toContain('"rows":[{"a\\"":1,"a\\"":null}]');
    expect(body(false, true)).toContain('"rows":[{"a\\"":"1","a\\"":null}]');
    expect(body(true, false)).toContain('"rows":[[1,null]]');
    expect(body(true, true)).toContain('"rows":[["1",null]]');
    expect(JSON.parse(body(true, true))).toMatchObject({
      rowAsArray: true,
      command: "SELECT",
      rowCount: 1,
      fields: [{ name: 'a"', dataTypeID: 23, format: "text" }, {}],
    });
  });

  it("is too large when its JSON is, though its values are not", ({ expect }) => {
    const shapes = [{ isArray: true, isRawText: true }];
    for (const [character, times] of [
      ["\u0001", 2 * 1024 * 1024],
      ["é", 6 * 1024 * 1024],
    ] as const) {
      const rows = [[character.repeat(times), null]];
      expect(resultReply([{ ...result, rows }], shapes, options).status, character).toBe(507);
    }
  });
});

describe("readCommandTag", () => {
  it("takes the first word, and the number of rows where there is one", ({ expect }) => {
    expect(readCommandTag("SELECT 3")).toEqual({ command: "SELECT", rowCount: 3 });
    expect(readCommandTag("INSERT 0 2")).toEqual({ command: "INSERT", rowCount: 2 });
    expect(readCommandTag("CREATE TABLE")).toEqual({ command: "CREATE", rowCount: null });
    expect(readCommandTag("BEGIN")).toEqual({ command: "BEGIN", rowCount: null });
    expect(readCommandTag("")).toEqual({ command: "", rowCount: null });
  });
});
