import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, it } from "vitest";
import { syntheticMeasurement, syntheticRun } from "../testing/synthetic-run.ts";
import { fromColumns, type MeasuredRequest, toColumns } from "./requests.ts";
import { parseRun, RunFileError, readRun, writeRun } from "./store.ts";

const folder = mkdtempSync(join(tmpdir(), "kv-run-file-"));
afterAll(() => rmSync(folder, { recursive: true }));

const run = syntheticRun([
  syntheticMeasurement({ pattern: "cache-aside", tier: "light", requests: 1_000, meanMs: 4 }),
]);

const request: fc.Arbitrary<MeasuredRequest> = fc.record({
  endMs: fc.nat({ max: 10_000 }),
  durationUs: fc.nat(),
  operation: fc.nat({ max: 5 }),
  status: fc.constantFrom(0, 200, 404, 503),
  error: fc.constantFrom(null, "wrong_score", "status_503"),
});

describe("the run file", () => {
  it("reads back the run that was written", ({ expect }) => {
    const path = join(folder, "a", "run.json");
    writeRun(path, run);
    expect(readRun(path)).toEqual(run);
  });

  it("keeps every request through its columns, in the order of their ends", ({ expect }) => {
    fc.assert(
      fc.property(fc.array(request, { maxLength: 60 }), (requests) => {
        const ordered = requests.toSorted((a, b) => a.endMs - b.endMs);
        expect(fromColumns(toColumns(requests))).toEqual(ordered);
      }),
    );
  });

  it("takes about ten bytes a request", ({ expect }) => {
    const path = join(folder, "size.json");
    writeRun(path, run);
    expect(readFileSync(path).length).toBeLessThan(1_000 * 10 + 6_000);
  });

  it("refuses columns of different lengths", ({ expect }) => {
    const columns = toColumns([
      { endMs: 1, durationUs: 2, operation: 0, status: 200, error: null },
    ]);
    expect(() => fromColumns({ ...columns, durationUs: [] })).toThrow(RangeError);
  });

  it("refuses what is no run, and says what to pass instead", ({ expect }) => {
    expect(() => parseRun("nonsense", "x.json")).toThrow("x.json is not JSON");
    expect(() => parseRun("{}", "x.json")).toThrow(RunFileError);
    expect(() => readRun(join(folder, "absent.json"))).toThrow(/There is no run at/);
  });

  it("refuses a version it does not know and a field it does not know", ({ expect }) => {
    expect(() => parseRun(JSON.stringify({ ...run, version: 2 }), "x")).toThrow(/version/);
    expect(() => parseRun(JSON.stringify({ ...run, apiKey: "secret" }), "x")).toThrow(/apiKey/);
  });
});
