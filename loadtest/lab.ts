/**
 * @module
 * `npm run lab`: measures patterns under load, judges whether the numbers mean anything, and writes a run.
 * Exit code 0: valid. 1: invalid, or it could not run. 2: wrong arguments, or `--yes` is missing.
 */
import { relative } from "node:path";
import { guideText } from "./guide/text.ts";
import { K6MissingError } from "./k6.ts";
import { RunFileError } from "./run-file/store.ts";
import { discoverJourneys } from "./runner/discover.ts";
import { LoadFailedError } from "./runner/measure.ts";
import { OptionError, readLabOptions } from "./runner/options.ts";
import { StackStartError } from "./runner/own-stack.ts";
import { runLab } from "./runner/run-lab.ts";
import { TargetError } from "./runner/target.ts";

const EXIT_INVALID = 1;
const EXIT_USAGE = 2;

const say = (line: string) => process.stdout.write(`${line}\n`);

async function main(): Promise<number> {
  const options = readLabOptions();
  if (options.list) {
    for (const { meta } of await discoverJourneys())
      say(`${meta.pattern.padEnd(20)} ${meta.workload}`);
    return 0;
  }
  const stop = new AbortController();
  process.once("SIGINT", () => stop.abort());
  process.once("SIGTERM", () => stop.abort());
  const result = await runLab(options, say, stop.signal);
  if (result === null) return EXIT_USAGE;
  const { run, folder } = result;
  say(`\nrun     ${relative(".", folder)}/run.json`);
  say(`report  ${relative(".", folder)}/report.html\n`);
  if (run.verdict.valid) {
    say(guideText(run));
    return 0;
  }
  say("INVALID: these numbers mean nothing, and no ranking is made of them.");
  for (const reason of run.verdict.reasons) say(`  ${reason}`);
  return EXIT_INVALID;
}

/** Failures with a message for people; everything else is a bug and shows its stack. */
const EXPECTED: readonly (readonly [new (...args: never[]) => Error, number])[] = [
  [OptionError, EXIT_USAGE],
  [TargetError, EXIT_USAGE],
  [RunFileError, EXIT_USAGE],
  [K6MissingError, EXIT_INVALID],
  [LoadFailedError, EXIT_INVALID],
  [StackStartError, EXIT_INVALID],
];

try {
  process.exitCode = await main();
} catch (error) {
  const expected = EXPECTED.find(([kind]) => error instanceof kind);
  if (!expected || !(error instanceof Error)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = expected[1];
}
