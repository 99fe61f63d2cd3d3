/**
 * @module
 * Turns a pattern's journey into the functions k6 calls. One iteration is one request.
 *
 * Invariants:
 *
 * 1. Request `n` of a run is a function of the seed and `n` alone, whichever virtual user sends it.
 * 2. An answer counts as right only if `request` found nothing wrong with its meaning.
 * 3. Each measured request prints exactly one line (`../../protocol/lines.ts`); setup and verification
 *    print none, so their traffic can never be counted as load.
 */
import { check, sleep } from "k6";
import exec from "k6/execution";
import type { Options } from "k6/options";
import type { JourneyMeta } from "../../protocol/journey-meta.ts";
import {
  asideLine,
  type Finding,
  findingLine,
  MARK_PAUSE_MS,
  markLine,
  type Observation,
  requestLine,
} from "../../protocol/lines.ts";
import { type Client, client, type Reply } from "./client.ts";

/** What a run is told by the runner, through environment variables (an argument could be seen by `ps`). */
export interface Run {
  /** Unique; every name a journey creates carries it. */
  readonly id: string;
  readonly seed: number;
  readonly requests: number;
}

export interface Outcome {
  /** Place of the operation in `meta.operations`. */
  readonly operation: number;
  readonly reply: Reply;
  /** What was wrong with the answer, or `null`. A short code first, then a colon, then the detail. */
  readonly wrong: string | null;
  readonly history?: readonly Observation[];
}

export interface Verification {
  readonly findings: readonly Finding[];
  /** Reads made after the load: they must show the last acknowledged writes. */
  readonly final: readonly Observation[];
}

export interface Journey {
  readonly meta: JourneyMeta;
  /**
   * Creates what the load needs, under names that carry `run.id`; throws when the service refuses.
   * Returns the writes that later reads will be judged by.
   */
  setup(service: Client, run: Run): readonly Observation[];
  /** After `setup`: what requests must carry and only the service knows, such as cookies. Handed to each. */
  obtain?(service: Client, run: Run): readonly string[];
  request(service: Client, run: Run, index: number, obtained: readonly string[]): Outcome;
  /** Runs when the load is over. */
  verify(service: Client, run: Run, obtained: readonly string[]): Verification;
  /** Removes what `setup` created. Runs last; what it cannot remove stays, and nobody is told. */
  cleanUp(service: Client, run: Run, obtained: readonly string[]): void;
}

/** Wrong answers that each virtual user describes on the console; all are counted. */
const DESCRIBED_MAX = 3;

const SETUP_TIMEOUT = "120s";
const TEARDOWN_TIMEOUT = "300s";
/** The longest a load may take; requests not sent by then count as dropped. */
const LOAD_DURATION_MAX = "15m";

const { KV_LAB_URL = "", KV_LAB_KEY = "", KV_LAB_RUN = "", KV_LAB_SUMMARY = "" } = __ENV;

export function defineJourney(journey: Journey) {
  const run: Run = {
    id: KV_LAB_RUN,
    seed: Number(__ENV["KV_LAB_SEED"] ?? 1),
    requests: Number(__ENV["KV_LAB_REQUESTS"] ?? 1_000),
  };
  const service = client(KV_LAB_URL, KV_LAB_KEY);
  let described = 0;
  return {
    options: options(run.requests, Number(__ENV["KV_LAB_VUS"] ?? 16)),
    setup(): readonly string[] {
      const written = journey.setup(service, run);
      console.log(asideLine(Date.now(), written));
      const obtained = journey.obtain?.(service, run) ?? [];
      mark("load");
      return obtained;
    },
    run(obtained: readonly string[]) {
      const index = exec.scenario.iterationInTest;
      const startMs = Date.now();
      const outcome = attempt(() => journey.request(service, run, index, obtained));
      console.log(requestLine(record(outcome, index, startMs)));
      check(null, { "every answer is right": () => outcome.wrong === null });
      if (outcome.wrong === null || described >= DESCRIBED_MAX) return;
      described += 1;
      console.warn(`request ${index}: ${outcome.wrong}`);
    },
    teardown(obtained: readonly string[]) {
      mark("over");
      const startMs = Date.now();
      const { findings, final } = journey.verify(service, run, obtained);
      for (const finding of findings) console.log(findingLine(finding));
      console.log(asideLine(startMs, final));
      journey.cleanUp(service, run, obtained);
    },
    handleSummary: (data: Summary) => ({ [KV_LAB_SUMMARY]: JSON.stringify(counts(data)) }),
  };
}

function mark(name: "load" | "over"): void {
  console.log(markLine(name));
  sleep(MARK_PAUSE_MS / 1_000);
}

function options(requests: number, vus: number): Options {
  return {
    scenarios: {
      load: {
        executor: "shared-iterations",
        vus,
        iterations: requests,
        maxDuration: LOAD_DURATION_MAX,
        exec: "run",
      },
    },
    setupTimeout: SETUP_TIMEOUT,
    teardownTimeout: TEARDOWN_TIMEOUT,
    // The tags nobody reads cost time for each request.
    systemTags: ["scenario", "status", "error_code"],
    summaryTrendStats: ["count"],
    thresholds: {
      "checks{scenario:load}": ["rate==1"],
      "http_reqs{scenario:load}": [`count==${requests}`],
      dropped_iterations: ["count==0"],
    },
  };
}

/** A journey that throws has met an answer nobody foresaw: that is a wrong answer, not a lost request. */
function attempt(request: () => Outcome): Outcome {
  try {
    return request();
  } catch (error) {
    const reply: Reply = {
      status: 0,
      text: "",
      errorCode: 0,
      durationMs: 0,
      header: () => null,
      json: () => null,
    };
    return { operation: 0, reply, wrong: `journey_failed: ${String(error)}` };
  }
}

function record(outcome: Outcome, index: number, startMs: number) {
  const { reply, wrong } = outcome;
  const cost = /^trips=(\d+), requests=(\d+)/.exec(reply.header("Kv-Cost") ?? "");
  return {
    index,
    startMs,
    elapsedMs: Date.now() - startMs,
    durationUs: Math.round(reply.durationMs * 1_000),
    operation: outcome.operation,
    status: reply.status,
    error: wrong === null ? null : errorCode(reply, wrong),
    trips: cost ? Number(cost[1]) : -1,
    storeRequests: cost ? Number(cost[2]) : -1,
    history: outcome.history ?? [],
  };
}

/** The taxonomy of the report: no answer at all, refused with a code, or a wrong answer. */
function errorCode(reply: Reply, wrong: string): string {
  if (reply.errorCode >= 1_000 && reply.status === 0) return `k6_${reply.errorCode}`;
  const code = /^[a-z0-9_]+/.exec(wrong);
  return code ? code[0] : "wrong_answer";
}

export interface Summary {
  readonly metrics: Readonly<
    Record<string, { readonly values: Readonly<Record<string, number>> } | undefined>
  >;
}

function counts(data: Summary) {
  const value = (metric: string, key: string) => data.metrics[metric]?.values[key] ?? 0;
  return {
    requests: value("http_reqs{scenario:load}", "count"),
    dropped: value("dropped_iterations", "count"),
    checksPassed: value("checks{scenario:load}", "passes"),
    checksFailed: value("checks{scenario:load}", "fails"),
  };
}
