/**
 * @module
 * The lab from its options to the written run: choose, ask before spending, warm up, measure, judge, store.
 */
import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { PATTERNS } from "../../shared/patterns.ts";
import { k6 } from "../k6.ts";
import { TIERS } from "../protocol/tiers.ts";
import { writeReport } from "../report/write-report.ts";
import { type Measurement, RUN_FORMAT, RUN_VERSION, type Run } from "../run-file/schema.ts";
import { RUN_FILE, readRun, writeRun } from "../run-file/store.ts";
import { RunStoppedError } from "../stopping.ts";
import { estimateCost, type RunCost } from "./cost.ts";
import { type DiscoveredJourney, discoverJourneys } from "./discover.ts";
import { fingerprint } from "./fingerprint.ts";
import { type MeasureOptions, measure } from "./measure.ts";
import { choosePatterns, type LabOptions, OptionError } from "./options.ts";
import { progressLine } from "./progress.ts";
import { describeMeasurement } from "./summary.ts";
import { resolveTarget, type Target } from "./target.ts";
import { judgeRun } from "./validity.ts";

/**
 * Requests sent and thrown away before the first tier of each pattern: the runtime has compiled its code
 * and the connections to the stores are open.
 */
const WARMUP_REQUESTS = 2_000;

export interface LabResult {
  readonly run: Run;
  /** Folder with `run.json`, `report.html` and the charts. */
  readonly folder: string;
}

interface LoadPlan {
  readonly journey: DiscoveredJourney;
  readonly tier: (typeof TIERS)[number];
  readonly warmupRequests: number;
}

/**
 * `null` when the run would cost something and `--yes` is missing: what it costs has been said. When a load
 * cannot be carried out, or the run is stopped, what was measured until then is written as an invalid run before
 * the failure is thrown.
 */
export async function runLab(
  options: LabOptions,
  say: (line: string) => void,
  signal: AbortSignal,
): Promise<LabResult | null> {
  const journeys = choosePatterns(await discoverJourneys(), options.patterns);
  const baseline = options.compare === null ? null : readBaseline(options.compare, options.out);
  const plan = planLoads(journeys, options);
  const generator = await k6(say, signal);
  const target = await resolveTarget(
    { url: options.target, key: options.key, dataDir: options.data },
    say,
    signal,
  );
  try {
    if (target.kind === "remote" && !mayGoAhead(plan, target, options.yes, say)) return null;
    const startedAt = new Date();
    const id = runId(startedAt);
    const environment = await fingerprint(generator.version);
    const { measurements, failure } = await carryOut(plan, (load, place) => {
      const context = { k6Path: generator.path, target, loadId: `${id}-${place}` };
      return measureOne(load, options, context, say, signal);
    });
    const run: Run = {
      format: RUN_FORMAT,
      version: RUN_VERSION,
      id,
      startedAt: startedAt.toISOString(),
      seed: options.seed,
      target: { kind: target.kind, name: target.name },
      fingerprint: environment,
      patterns: journeys.map(measuredPattern),
      measurements: [...measurements],
      verdict: judgeRun(measurements, failure?.reason ?? null),
    };
    const folder = join(options.out, id);
    if (measurements.length > 0) {
      writeRun(join(folder, RUN_FILE), run);
      writeReport(folder, run, baseline);
    }
    if (failure === null) return { run, folder };
    if (measurements.length > 0) say(`What was measured until then, as an invalid run: ${folder}`);
    throw failure.error;
  } finally {
    await target.close();
  }
}

function planLoads(journeys: readonly DiscoveredJourney[], { tiers }: LabOptions): LoadPlan[] {
  return journeys.flatMap((journey) =>
    TIERS.filter((tier) => tiers.includes(tier.id)).map((tier, place) => ({
      journey,
      tier,
      warmupRequests: place === 0 ? WARMUP_REQUESTS : 0,
    })),
  );
}

interface CarriedOut {
  readonly measurements: readonly Measurement[];
  /** Why the plan was left; `null`: it was not. */
  readonly failure: { readonly error: unknown; readonly reason: string } | null;
}

/** One load after the other, until one fails. The reason names no path and nothing that k6 said: it is stored. */
async function carryOut(
  plan: readonly LoadPlan[],
  one: (load: LoadPlan, place: number) => Promise<Measurement>,
): Promise<CarriedOut> {
  const measurements: Measurement[] = [];
  for (const [place, load] of plan.entries()) {
    try {
      measurements.push(await one(load, place));
    } catch (error) {
      const what = error instanceof RunStoppedError ? "the run was stopped" : "the load failed";
      const reason = `${load.journey.meta.pattern}, ${load.tier.id}: ${what}; ${measurements.length} of ${plan.length} loads were measured`;
      return { measurements, failure: { error, reason } };
    }
  }
  return { measurements, failure: null };
}

type LoadContext = Pick<MeasureOptions["load"], "k6Path" | "target" | "loadId">;

/** Throws `LoadFailedError` when nobody answers the load, and `RunStoppedError`. */
async function measureOne(
  { journey, tier, warmupRequests }: LoadPlan,
  { vus, seed }: LabOptions,
  context: LoadContext,
  say: (line: string) => void,
  signal: AbortSignal,
): Promise<Measurement> {
  const { pattern } = journey.meta;
  const measureLoad = async (label: string, requests: number, loadId: string) => {
    const progress = progressLine(label);
    const load = { ...context, journeyPath: journey.path, requests, vus, seed, loadId };
    const onProgress = progress.update;
    try {
      return await measure({ journey, tier: tier.id, load, warmupRequests, onProgress, signal });
    } finally {
      progress.end();
    }
  };
  if (warmupRequests > 0) {
    await measureLoad(`${pattern} warm-up`, warmupRequests, `${context.loadId}-warm`);
  }
  const { measurement, notes } = await measureLoad(
    `${pattern} ${tier.id}`,
    tier.requests,
    context.loadId,
  );
  say(describeMeasurement(measurement));
  if (!measurement.verdict.valid) for (const note of notes.slice(0, 5)) say(`    ${note}`);
  return measurement;
}

function mayGoAhead(
  plan: readonly LoadPlan[],
  target: Target,
  isAgreed: boolean,
  say: (line: string) => void,
): boolean {
  const cost: RunCost = estimateCost(
    plan.flatMap(({ journey: { meta }, tier, warmupRequests }) => [
      ...(warmupRequests > 0 ? [{ meta, requests: warmupRequests }] : []),
      { meta, requests: tier.requests },
    ]),
  );
  const count = (value: number) => value.toLocaleString("en-US");
  say(
    `This run sends at most about ${count(cost.requests)} requests to ${target.name} and uses at most about ${count(cost.storeCommands)} store commands, which are billed.`,
  );
  if (!isAgreed) say("Add --yes to go ahead.");
  return isAgreed;
}

/** `RUN` of `--compare`: a run.json, its folder, or the name of a folder among the results. */
function readBaseline(name: string, out: string): Run {
  const candidates = [name, join(name, RUN_FILE), join(out, name, RUN_FILE)];
  const path = candidates.find((candidate) => candidate.endsWith(".json") && existsSync(candidate));
  if (path === undefined) {
    throw new OptionError(
      `--compare ${name}: there is no such run. Runs are the folders of ${out}.`,
    );
  }
  return readRun(path);
}

/** `20261122-101500-1f2e`: sorts by time, unique enough to run twice in a second. */
function runId(at: Date): string {
  const stamp = at.toISOString().replace(/[-:]/g, "").replace("T", "-").slice(0, 15);
  return `${stamp}-${randomBytes(2).toString("hex")}`;
}

function measuredPattern({ meta }: DiscoveredJourney): Run["patterns"][number] {
  const known = PATTERNS.find((pattern) => pattern.id === meta.pattern);
  return {
    id: meta.pattern,
    title: known?.title ?? meta.pattern,
    promise: known?.promise ?? "",
    workload: meta.workload,
    verifies: meta.verifies,
    consistency: meta.consistency,
    operations: meta.operations.map(({ id, label, kind, share }) => ({ id, label, kind, share })),
  };
}
