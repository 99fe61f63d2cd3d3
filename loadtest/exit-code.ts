/** @module How the lab and the bench end: failures with a message for people, and the exit code of each. */
import { K6MissingError } from "./k6.ts";
import { RunFileError } from "./run-file/store.ts";
import { LoadFailedError } from "./runner/measure.ts";
import { OptionError } from "./runner/options.ts";
import { StackStartError } from "./runner/own-stack.ts";
import { TargetError } from "./runner/target.ts";
import { RunStoppedError } from "./stopping.ts";

/** Invalid, missed, or it could not run. */
export const EXIT_FAILED = 1;
/** Wrong arguments, or `--yes` is missing. */
export const EXIT_USAGE = 2;

/** Everything else is a bug and shows its stack. */
const EXPECTED: readonly (readonly [new (...args: never[]) => Error, number])[] = [
  [OptionError, EXIT_USAGE],
  [TargetError, EXIT_USAGE],
  [RunFileError, EXIT_USAGE],
  [K6MissingError, EXIT_FAILED],
  [LoadFailedError, EXIT_FAILED],
  [StackStartError, EXIT_FAILED],
  [RunStoppedError, EXIT_FAILED],
];

/** What `main` returned, or what its failure stands for; the message of an expected one is printed. */
export async function exitCodeOf(main: () => Promise<number>): Promise<number> {
  try {
    return await main();
  } catch (error) {
    const expected = EXPECTED.find(([kind]) => error instanceof kind);
    if (!expected || !(error instanceof Error)) throw error;
    process.stderr.write(`${error.message}\n`);
    return expected[1];
  }
}
