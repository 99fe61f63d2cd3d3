/**
 * @module
 * `npx node loadtest/report.ts <run.json>`: builds a run's report again, byte for byte.
 */
import { existsSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { type CommandSpec, type OptionSpec, readCommandLine } from "../local/command-line.ts";
import { REPORT_FILE, writeReport } from "./report/write-report.ts";
import { BASELINE_FILE, RunFileError, readRun } from "./run-file/store.ts";

const COMMAND = {
  usage: "npx node loadtest/report.ts",
  summary: "Builds the report and the charts of a run again, from its run.json alone.",
  options: {
    compare: {
      kind: "text",
      value: "RUN.JSON",
      help: "a run to compare with; default: the baseline.json beside the run, if any",
    },
    out: { kind: "text", value: "DIR", help: "where to write; default: the folder of the run" },
  },
  operands: { name: "run.json", help: "the run" },
} as const satisfies CommandSpec<Record<string, OptionSpec>>;

const EXIT_USAGE = 2;

function main(): number {
  const { options, operands } = readCommandLine(COMMAND);
  const [path] = operands;
  if (path === undefined) {
    process.stderr.write(
      "Which run? npx node loadtest/report.ts loadtest/results/<run>/run.json\n",
    );
    return EXIT_USAGE;
  }
  const beside = join(dirname(path), BASELINE_FILE);
  const baseline = options.compare ?? (existsSync(beside) ? beside : null);
  const folder = options.out ?? dirname(path);
  writeReport(folder, readRun(path), baseline === null ? null : readRun(baseline));
  process.stdout.write(`${relative(".", join(folder, REPORT_FILE))}\n`);
  return 0;
}

try {
  process.exitCode = main();
} catch (error) {
  if (!(error instanceof RunFileError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = EXIT_USAGE;
}
