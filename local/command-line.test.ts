import { describe, it } from "vitest";
import { nearest, parseCommandLine } from "./command-line.ts";

const COMMAND = {
  usage: "npm start",
  summary: "Starts things.",
  options: {
    port: { kind: "number", value: "N", default: 8787, help: "a port" },
    data: { kind: "text", value: "DIR", help: "a folder" },
    quiet: { kind: "flag", short: "q", help: "say less" },
  },
} as const;
const OPEN = {
  ...COMMAND,
  operands: { name: "files", help: "some files" },
  passedOn: "for another program",
} as const;

describe("parseCommandLine", () => {
  it("reads options and fills in defaults", ({ expect }) => {
    expect(parseCommandLine(COMMAND, ["--data", "x", "-q"])).toMatchObject({
      kind: "run",
      options: { port: 8787, data: "x", quiet: true },
    });
    expect(parseCommandLine(COMMAND, ["--port=9000"])).toMatchObject({
      options: { port: 9000, data: null, quiet: false },
    });
  });

  it("answers --help wherever it stands, with every option and its default", ({ expect }) => {
    const outcome = parseCommandLine(OPEN, ["--nonsense", "--help"]);
    expect(outcome.kind).toBe("help");
    const text = outcome.kind === "help" ? outcome.text : "";
    for (const part of [
      "--port N",
      "(default 8787)",
      "--data DIR",
      "-q, --quiet",
      "files",
      "-- …",
    ]) {
      expect(text).toContain(part);
    }
  });

  it.for([
    [["--prot", "1"], "Unknown option --prot. Did you mean --port?"],
    [["--zzzzzzzzz"], "Unknown option --zzzzzzzzz."],
    [["--constructor"], "Unknown option --constructor."],
    [["--port"], "--port needs a value: --port N"],
    [["--port="], "--port needs a value: --port N"],
    [["--data", "--quiet"], "--data needs a value: --data DIR"],
    [["--port", "80x"], '--port needs a whole number, got "80x".'],
    [["--quiet=yes"], "--quiet takes no value."],
    [["stray"], 'Unexpected argument "stray".'],
  ] as const)("refuses %j and says %s", ([argv, message], { expect }) => {
    expect(parseCommandLine(COMMAND, argv)).toEqual({ kind: "wrong", message });
  });

  it("leaves everything behind -- to the other program, also --help", ({ expect }) => {
    expect(parseCommandLine(OPEN, ["a", "--", "--help", "b"])).toMatchObject({
      kind: "run",
      operands: ["a"],
      passedOn: ["--help", "b"],
    });
  });
});

describe("nearest", () => {
  it("offers the name that was meant, and none when nothing is near", ({ expect }) => {
    expect(nearest("redis-prt", ["port", "redis-port", "data"])).toBe("redis-port");
    expect(nearest("xyz", ["redis-port"])).toBeNull();
    expect(nearest("port", [])).toBeNull();
  });
});
