/**
 * @module
 * `npm run lab`: measures patterns under load, judges whether the numbers mean anything, and writes a run.
 * Exit code 0: valid. 1: invalid, or it could not run. 2: wrong arguments, or `--yes` is missing.
 */
import { relative } from "node:path";
import { EXIT_FAILED, EXIT_USAGE, exitCodeOf } from "./exit-code.ts";
import { guideText } from "./guide/text.ts";
import { discoverJourneys } from "./runner/discover.ts";
import { readLabOptions } from "./runner/options.ts";
import { runLab } from "./runner/run-lab.ts";
import { stopSignal } from "./stopping.ts";

const say = (line: string) => process.stdout.write(`${line}\n`);

async function main(): Promise<number> {
  const options = readLabOptions();
  if (options.list) {
    for (const { meta } of await discoverJourneys())
      say(`${meta.pattern.padEnd(20)} ${meta.workload}`);
    return 0;
  }
  const result = await runLab(options, say, stopSignal());
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
  return EXIT_FAILED;
}

process.exitCode = await exitCodeOf(main);
