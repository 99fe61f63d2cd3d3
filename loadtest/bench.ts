/**
 * @module
 * `npm run bench`: how much of the least possible a pattern costs. Each hot operation of the Worker runs in
 * turns with its floor (the same store calls from a bare route), and the ratio of their throughputs is
 * printed with its interval. With `--steady`: does the Worker keep its pace and its size.
 *
 * Exit code 0: everything meets its bound. 1: something does not, is not clear, or means nothing because the
 * machine was too noisy. 2: wrong arguments.
 */
import { randomBytes } from "node:crypto";
import {
  type CommandSpec,
  nearest,
  type OptionSpec,
  readCommandLine,
} from "../local/command-line.ts";
import type { StackFile } from "../local/stack-file.ts";
import { startBenchWorkers } from "./bench/bench-workers.ts";
import { type DiscoveredRow, discoverRows } from "./bench/discover-rows.ts";
import { startLoadClient } from "./bench/load-client.ts";
import { type BenchContext, measureRow, type RowResult } from "./bench/measure-row.ts";
import { measureNoise } from "./bench/noise.ts";
import { benchText, noiseText } from "./bench/print.ts";
import { runSteady } from "./bench/run-steady.ts";
import { STEADY_RUNS } from "./bench/steady.ts";
import { EXIT_FAILED, exitCodeOf } from "./exit-code.ts";
import { discoverJourneys } from "./runner/discover.ts";
import { choosePatterns, OptionError } from "./runner/options.ts";
import { resolveTarget } from "./runner/target.ts";
import { stopSignal } from "./stopping.ts";

const COMMAND = {
  usage: "npm run bench",
  summary: "Measures patterns against their floor: a bare route that makes the same store calls.",
  options: {
    only: {
      kind: "text",
      value: "a,b",
      help: "rows to measure (with --steady: patterns); without it all",
    },
    pairs: { kind: "number", value: "N", help: "pairs of measurements of each row", default: 12 },
    seconds: { kind: "number", value: "S", help: "seconds of one measurement", default: 3 },
    steady: { kind: "flag", help: "pace and memory over 50,000 requests instead" },
    runs: { kind: "number", value: "N", help: "judged runs of --steady", default: STEADY_RUNS },
    data: { kind: "text", value: "DIR", help: "data folder of the local stack", default: ".local" },
  },
} as const satisfies CommandSpec<Record<string, OptionSpec>>;

const PAIRS_MIN = 4;

const say = (line: string) => process.stdout.write(`${line}\n`);

async function main(): Promise<number> {
  const { options } = readCommandLine(COMMAND);
  const { pairs, seconds, runs } = options;
  if (pairs < PAIRS_MIN || seconds < 1 || runs < 1) {
    throw new OptionError(
      `--pairs must be at least ${PAIRS_MIN}, --seconds and --runs at least 1.`,
    );
  }
  const only = options.only === null ? null : options.only.split(",");
  const rows = options.steady ? [] : chooseRows(await discoverRows(), only);
  const journeys = options.steady ? choosePatterns(await discoverJourneys(), only) : [];
  const signal = stopSignal();
  const target = await resolveTarget({ url: null, key: null, dataDir: options.data }, say, signal);
  try {
    if (options.steady) {
      const steady = { target, journeys, runs, say, signal };
      return (await runSteady(steady)) ? 0 : EXIT_FAILED;
    }
    const stack = target.stack();
    if (stack === null) throw new Error("The bench needs a local stack.");
    return await benchRows(rows, stack, { pairs, seconds }, signal);
  } finally {
    await target.close();
  }
}

function chooseRows(rows: readonly DiscoveredRow[], only: readonly string[] | null) {
  const ids = rows.map(({ row }) => row.id);
  const unknown = only?.find((id) => !ids.includes(id));
  if (unknown === undefined) return rows.filter(({ row }) => only?.includes(row.id) ?? true);
  const near = nearest(unknown, ids);
  const hint = near === null ? "" : ` Did you mean ${near}?`;
  throw new OptionError(`There is no row "${unknown}".${hint} Rows: ${ids.join(", ")}.`);
}

async function benchRows(
  rows: readonly DiscoveredRow[],
  stack: StackFile,
  { pairs, seconds }: Pick<BenchContext, "pairs" | "seconds">,
  signal: AbortSignal,
): Promise<number> {
  const sides = await startBenchWorkers(stack);
  const loads = startLoadClient();
  const runId = randomBytes(4).toString("hex");
  try {
    const context: BenchContext = { stack, sides, loads, runId, pairs, seconds, say, signal };
    const results: RowResult[] = [];
    for (const row of rows) results.push(await measureRow(row, context));
    const [first] = rows;
    const noise = first === undefined ? null : await measureNoise(first, context);
    if (first && noise) say(noiseText(first.row.id, noise));
    say(benchText(results));
    const isMet = results.every((row) => row.judgement === "meets" && row.fault === null);
    return isMet && noise?.fault === null ? 0 : EXIT_FAILED;
  } finally {
    loads.stop();
    await sides.stop();
  }
}

process.exitCode = await exitCodeOf(main);
