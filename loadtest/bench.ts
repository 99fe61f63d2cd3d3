/**
 * @module
 * `npm run bench`: how much of the least possible a pattern costs. Each hot operation of the Worker runs in
 * turns with its floor (the same store calls from a bare route), and the ratio of their throughputs is
 * printed with its interval. With `--steady`: does the Worker keep its pace and its size.
 *
 * Exit code 0: everything meets its bound. 1: something does not, or is not clear. 2: wrong arguments.
 */
import { randomBytes } from "node:crypto";
import {
  type CommandSpec,
  nearest,
  type OptionSpec,
  readCommandLine,
} from "../local/command-line.ts";
import type { StackFile } from "../local/stack-file.ts";
import { type DiscoveredRow, discoverRows } from "./bench/discover-rows.ts";
import { startFloor } from "./bench/floor-host.ts";
import { startLoadClient } from "./bench/load-client.ts";
import { type BenchContext, measureRow, type RowResult } from "./bench/measure-row.ts";
import { measureNoise } from "./bench/noise.ts";
import { benchText, ratioText } from "./bench/print.ts";
import { runSteady } from "./bench/run-steady.ts";
import { STEADY_RUNS } from "./bench/steady.ts";
import { resolveTarget } from "./runner/target.ts";

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

const EXIT_MISSED = 1;
const EXIT_USAGE = 2;
const PAIRS_MIN = 4;

const say = (line: string) => process.stdout.write(`${line}\n`);

async function main(): Promise<number> {
  const { options } = readCommandLine(COMMAND);
  const { pairs, seconds, runs } = options;
  if (pairs < PAIRS_MIN || seconds < 1 || runs < 1) {
    process.stderr.write(
      `--pairs must be at least ${PAIRS_MIN}, --seconds and --runs at least 1.\n`,
    );
    return EXIT_USAGE;
  }
  const only = options.only === null ? null : options.only.split(",");
  const rows = options.steady ? [] : chooseRows(await discoverRows(), only);
  if (rows === null) return EXIT_USAGE;
  const stop = new AbortController();
  process.once("SIGINT", () => stop.abort());
  const target = await resolveTarget({ url: null, key: null, dataDir: options.data }, say);
  try {
    if (options.steady) {
      const steady = { target, patterns: only, runs, say, signal: stop.signal };
      return (await runSteady(steady)) ? 0 : EXIT_MISSED;
    }
    const stack = target.stack();
    if (stack === null) throw new Error("The bench needs a local stack.");
    return await benchRows(rows, stack, { pairs, seconds }, stop.signal);
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
  process.stderr.write(`There is no row "${unknown}".${hint} Rows: ${ids.join(", ")}.\n`);
  return null;
}

async function benchRows(
  rows: readonly DiscoveredRow[],
  stack: StackFile,
  { pairs, seconds }: Pick<BenchContext, "pairs" | "seconds">,
  signal: AbortSignal,
): Promise<number> {
  const floor = await startFloor(stack);
  const loads = startLoadClient();
  const runId = randomBytes(4).toString("hex");
  try {
    const context: BenchContext = { stack, floor, loads, runId, pairs, seconds, say };
    const results: RowResult[] = [];
    for (const row of rows) {
      if (signal.aborted) return EXIT_MISSED;
      results.push(await measureRow(row, context));
    }
    const [first] = rows;
    if (first)
      say(
        `\n  A/A, ${first.row.id}: floor against itself ${ratioText(await measureNoise(first, context))}`,
      );
    say(benchText(results));
    return results.every((row) => row.judgement === "meets" && row.fault === null)
      ? 0
      : EXIT_MISSED;
  } finally {
    loads.stop();
    await floor.stop();
  }
}

process.exitCode = await main();
