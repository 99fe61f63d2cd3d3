/**
 * @module
 * One trace of bursts, judged by every algorithm at the same limit: what the README's table says.
 */
import type { Random } from "../../../shared/kernel/time.ts";
import { check } from "../check.ts";
import type { Algorithm } from "../policy.ts";
import { withFrozenClock } from "./frozen-clock.ts";
import { createStand, definitionOf } from "./stand.ts";

const LIMIT = 100;
const WINDOW_MS = 60_000;
const CHECKS = 1_500;
/** Between the clocks of two isolates that take turns. */
const APART_MS = 5_000;
const START_MS = 1_800_000_000_000;

const VARIANTS = [
  ["gcra", 100],
  ["gcra", 10],
  ["fixed-window", 100],
  ["sliding-window", 100],
  ["token-bucket", 100],
] as const satisfies readonly (readonly [Algorithm, number])[];

/** Instants of the checks: bursts of up to 150, a few seconds to a minute apart. */
function arrivalsOf(random: Random): number[] {
  const all: number[] = [];
  for (let atMs = START_MS; all.length < CHECKS; atMs += 1_000 + Math.floor(random() * 40_000)) {
    const burst = 1 + Math.floor(random() * 150);
    for (let n = 0; n < burst && all.length < CHECKS; n += 1) all.push(atMs + n * 10);
  }
  return all;
}

interface Counted {
  readonly passed: number;
  /** The most that passed in any stretch as long as a window. */
  readonly mostInAWindow: number;
}

export interface OverAdmissionOptions {
  readonly database: { readonly url: string; readonly token: string };
  readonly random: Random;
  /** Stops the clock that the SDK reads. */
  readonly setNow: (nowMs: number) => void;
}

export async function overAdmissionTable(options: OverAdmissionOptions): Promise<string> {
  const arrivals = arrivalsOf(options.random);
  const rows: string[] = [];
  for (const [algorithm, burst] of VARIANTS) {
    const together = await countPassed(options, arrivals, { algorithm, burst, apartMs: 0 });
    const apart = await countPassed(options, arrivals, { algorithm, burst, apartMs: APART_MS });
    rows.push(
      `| \`${algorithm}\` | ${burst} | ${together.passed} | ${together.mostInAWindow} | ${apart.passed} | ${apart.mostInAWindow} |`,
    );
  }
  return rows.join("\n");
}

interface Variant {
  readonly algorithm: Algorithm;
  readonly burst: number;
  readonly apartMs: number;
}

async function countPassed(
  { database, setNow }: OverAdmissionOptions,
  arrivals: readonly number[],
  { algorithm, burst, apartMs }: Variant,
): Promise<Counted> {
  let storeNowMs = 0;
  const stand = createStand(database, {
    wrap: (port) => withFrozenClock(port, () => storeNowMs),
  });
  const definition = definitionOf({ algorithm, limit: LIMIT, windowMs: WINDOW_MS, burst });
  const policy = { name: algorithm, revision: 1, ...definition };
  const passed: number[] = [];
  for (const [which, atMs] of arrivals.entries()) {
    storeNowMs = atMs;
    setNow(atMs + (which % 2 === 0 ? apartMs / 2 : -apartMs / 2));
    const access = { ...stand.request(), blocked: NO_MEMORY };
    const decision = await check(access, [{ policy, key: "ann", cost: 1 }]);
    if (decision.kind === "judged" && decision.allowed) passed.push(atMs);
  }
  const most = passed.map(
    (from, i) => passed.slice(i).filter((at) => at < from + WINDOW_MS).length,
  );
  return { passed: passed.length, mostInAWindow: Math.max(...most) };
}

const NO_MEMORY = { get: () => undefined, set: () => undefined, delete: () => undefined };
