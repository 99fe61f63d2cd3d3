/**
 * @module
 * The lab's command line. Everything wrong with it is said before anything starts.
 */
import { join } from "node:path";
import {
  type CommandSpec,
  nearest,
  type OptionSpec,
  readCommandLine,
} from "../../local/command-line.ts";
import { TIER_IDS, type TierId, VUS_DEFAULT, VUS_MAX } from "../protocol/tiers.ts";

const COMMAND = {
  usage: "npm run lab",
  summary:
    "Measures patterns under load with k6, checks every answer, and writes a report and the selection guide.",
  options: {
    tier: {
      kind: "text",
      value: "light|medium|heavy|all",
      help: "1,000, 10,000 or 50,000 requests",
      default: "light",
    },
    pattern: {
      kind: "text",
      value: "a,b",
      help: "patterns to measure; without it all that have a journey",
    },
    target: {
      kind: "text",
      value: "URL",
      help: "a deployment; without it the local stack, started if none runs",
    },
    key: { kind: "text", value: "K", help: "API key for --target" },
    yes: { kind: "flag", help: "go ahead against a deployment, knowing what it costs", short: "y" },
    seed: { kind: "number", value: "N", help: "which requests are drawn", default: 1 },
    vus: { kind: "number", value: "N", help: "concurrent callers", default: VUS_DEFAULT },
    out: {
      kind: "text",
      value: "DIR",
      help: "where the run's folder goes",
      default: join("loadtest", "results"),
    },
    compare: {
      kind: "text",
      value: "RUN",
      help: "a run (folder name or run.json) to compare with in the report",
    },
    data: { kind: "text", value: "DIR", help: "data folder of the local stack", default: ".local" },
    list: { kind: "flag", help: "list the patterns that have a journey, and stop" },
  },
  more: `Examples:
  npm run lab -- --tier all
  npm run lab -- --tier heavy --pattern leaderboard --compare 20261122-101500-1f2e
  npm run lab -- --tier light --target https://kv.example.com --key KEY --yes

Exit codes: 0 valid run, 1 invalid run or failure, 2 wrong arguments.`,
} as const satisfies CommandSpec<Record<string, OptionSpec>>;

export interface LabOptions {
  readonly tiers: readonly TierId[];
  /** `null`: every pattern that has a journey. */
  readonly patterns: readonly string[] | null;
  readonly target: string | null;
  readonly key: string | null;
  readonly yes: boolean;
  readonly seed: number;
  readonly vus: number;
  readonly out: string;
  readonly compare: string | null;
  readonly data: string;
  readonly list: boolean;
}

/** An argument that cannot be carried out; the message says what would be right. */
export class OptionError extends Error {
  override readonly name = "OptionError";
}

export function readLabOptions(argv?: readonly string[]): LabOptions {
  const { options } = readCommandLine(COMMAND, argv);
  const { tier, pattern, vus, ...rest } = options;
  if (vus < 1 || vus > VUS_MAX) throw new OptionError(`--vus must be 1 to ${VUS_MAX}, not ${vus}.`);
  return {
    ...rest,
    vus,
    tiers: parseTiers(tier),
    patterns: pattern === null ? null : pattern.split(",").filter((name) => name !== ""),
  };
}

export function parseTiers(text: string): TierId[] {
  if (text === "all") return [...TIER_IDS];
  const names = text.split(",");
  return names.map((name) => {
    const tier = TIER_IDS.find((id) => id === name);
    if (tier === undefined) {
      throw new OptionError(`--tier ${name} is unknown; use ${TIER_IDS.join(", ")} or all.`);
    }
    return tier;
  });
}

/** Picks what has been asked for, in the order of `available`; throws with the nearest right name. */
export function choosePatterns<Journey extends { readonly meta: { readonly pattern: string } }>(
  available: readonly Journey[],
  wanted: readonly string[] | null,
): Journey[] {
  if (wanted === null) return [...available];
  const names = available.map((journey) => journey.meta.pattern);
  for (const name of wanted) {
    if (names.includes(name)) continue;
    const near = nearest(name, names);
    const hint = near === null ? "" : ` Did you mean ${near}?`;
    throw new OptionError(
      `There is no journey for "${name}".${hint} Journeys: ${names.join(", ")}.`,
    );
  }
  return available.filter((journey) => wanted.includes(journey.meta.pattern));
}
