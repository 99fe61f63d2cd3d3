import fc from "fast-check";
import { describe, it } from "vitest";
import {
  asideLine,
  type Finding,
  findingLine,
  markLine,
  type Observation,
  parseLine,
  type RequestRecord,
  requestLine,
} from "./lines.ts";

const observation: fc.Arbitrary<Observation> = fc.record({
  kind: fc.constantFrom("read", "write"),
  key: fc.stringMatching(/^[a-z0-9-]{1,20}$/),
  version: fc.maxSafeNat(),
  token: fc.nat(),
});

const record: fc.Arbitrary<RequestRecord> = fc.record({
  index: fc.nat(),
  startMs: fc.nat(),
  elapsedMs: fc.nat(),
  durationUs: fc.nat(),
  operation: fc.nat({ max: 9 }),
  status: fc.constantFrom(0, 200, 503),
  error: fc.option(fc.stringMatching(/^[a-z0-9_]{1,30}$/), { nil: null }),
  trips: fc.integer({ min: -1, max: 9 }),
  storeRequests: fc.integer({ min: -1, max: 9 }),
  history: fc.array(observation, { maxLength: 12 }),
});

describe("lines", () => {
  it("reads back every request as it was written", ({ expect }) => {
    fc.assert(
      fc.property(record, (written) => {
        expect(parseLine(requestLine(written))).toEqual({ kind: "request", record: written });
      }),
    );
  });

  it("reads back findings, asides and marks", ({ expect }) => {
    const finding: Finding = { name: "a, b; c", checked: 3, violations: ["x|y\nz"] };
    expect(parseLine(findingLine(finding))).toEqual({ kind: "finding", finding });
    const history: Observation[] = [{ kind: "write", key: "k", version: 3, token: 4 }];
    expect(parseLine(asideLine(12, history))).toEqual({ kind: "aside", atMs: 12, history });
    expect(parseLine(asideLine(12, []))).toEqual({ kind: "aside", atMs: 12, history: [] });
    expect(parseLine(markLine("load"))).toEqual({ kind: "mark", mark: "load" });
  });

  it("takes no line of somebody else for one of ours", ({ expect }) => {
    for (const text of [
      "",
      "request 4: wrong",
      "r,1,2",
      "f,{",
      'level=warning msg="x"',
      "m,other",
    ]) {
      expect(parseLine(text)).toBeNull();
    }
  });
});
