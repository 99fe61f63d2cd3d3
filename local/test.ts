/**
 * @module
 * `npm test`: both vitest projects, against a real redis-server. The last line is `N passed, N failed`, whatever
 * happens; the exit code says the same.
 */
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readCommandLine } from "./command-line.ts";
import { ensureRedisServer } from "./doctor/redis-server.ts";
import { QUIET_WRANGLER } from "./supervisor/quiet-wrangler.ts";
import { closingLine, countTests, type VitestReport } from "./test-count.ts";

const ROOT = join(import.meta.dirname, "..");

const { options, operands, passedOn } = readCommandLine({
  usage: "npm test",
  summary:
    "Runs the tests. Installs redis-server first where that is missing and may be installed.",
  options: {
    project: { kind: "text", value: "NAME", help: "only node or workerd" },
    "test-name": { kind: "text", value: "PATTERN", short: "t", help: "only tests named like this" },
  },
  operands: { name: "files", help: "only test files whose path contains one of these" },
  passedOn: "for vitest",
});

const reportDir = mkdtempSync(join(tmpdir(), "tests-"));
try {
  const reportFile = join(reportDir, "report.json");
  const exitCode = (await ensureRedisServer(say)) ? await runVitest(reportFile) : 1;
  const count = countTests(readReport(reportFile), exitCode);
  process.exitCode = count.failed === 0 ? 0 : 1;
  say(closingLine(count));
} finally {
  rmSync(reportDir, { recursive: true, force: true });
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

function runVitest(reportFile: string): Promise<number> {
  const { project, "test-name": testName } = options;
  const child = spawn(
    process.execPath,
    [
      join(ROOT, "node_modules", "vitest", "vitest.mjs"),
      "run",
      "--reporter=default",
      "--reporter=json",
      `--outputFile.json=${reportFile}`,
      ...(project === null ? [] : ["--project", project]),
      ...(testName === null ? [] : ["--testNamePattern", testName]),
      ...passedOn,
      ...operands,
    ],
    { cwd: ROOT, stdio: "inherit", env: { ...process.env, ...QUIET_WRANGLER } },
  );
  for (const name of ["SIGINT", "SIGTERM"] as const) process.on(name, () => child.kill(name));
  return new Promise((resolve) => {
    child.once("error", () => resolve(1));
    child.once("exit", (code) => resolve(code ?? 1));
  });
}

/** `null` when vitest ended before it wrote one. */
function readReport(path: string): VitestReport | null {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as VitestReport;
  } catch {
    return null;
  }
}
