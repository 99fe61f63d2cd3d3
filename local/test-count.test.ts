import { describe, it } from "vitest";
import { closingLine, countTests } from "./test-count.ts";

const passed = { status: "passed", assertionResults: [{ status: "passed" }] };

describe("countTests", () => {
  it("counts what vitest counted", ({ expect }) => {
    const failedFile = { status: "failed", assertionResults: [{ status: "failed" }] };
    const report = { numPassedTests: 7, numFailedTests: 1, testResults: [passed, failedFile] };
    expect(countTests(report, 1)).toEqual({ passed: 7, failed: 1 });
    const allPassed = { numPassedTests: 7, numFailedTests: 0, testResults: [passed] };
    expect(countTests(allPassed, 0)).toEqual({ passed: 7, failed: 0 });
  });

  it("counts a file that could not be loaded as a failure, beside the tests that failed", ({
    expect,
  }) => {
    const broken = { status: "failed", assertionResults: [] };
    const failedFile = { status: "failed", assertionResults: [{ status: "failed" }] };
    const testResults = [passed, broken, failedFile];
    const report = { numPassedTests: 7, numFailedTests: 1, testResults };
    expect(countTests(report, 1)).toEqual({ passed: 7, failed: 2 });
  });

  it("counts a crash before any report as a failure", ({ expect }) => {
    expect(countTests(null, 1)).toEqual({ passed: 0, failed: 1 });
    expect(countTests(null, 0)).toEqual({ passed: 0, failed: 1 });
  });

  it("counts an error outside of every test as a failure", ({ expect }) => {
    const report = { numPassedTests: 7, numFailedTests: 0, testResults: [passed] };
    expect(countTests(report, 1)).toEqual({ passed: 7, failed: 1 });
  });

  it("counts a run without any test as a failure", ({ expect }) => {
    const report = { numPassedTests: 0, numFailedTests: 0, testResults: [] };
    expect(countTests(report, 0)).toEqual({ passed: 0, failed: 1 });
  });
});

describe("closingLine", () => {
  it("is the line that a continuous integration reads", ({ expect }) => {
    expect(closingLine({ passed: 12, failed: 3 })).toBe("12 passed, 3 failed");
  });
});
