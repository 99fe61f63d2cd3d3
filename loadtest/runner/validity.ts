/**
 * @module
 * May the numbers of a measurement be believed? Each rule that is broken gives one sentence; none means
 * valid. A run is valid when all its measurements are.
 *
 * The generator must not be what was measured. Three independent signs, because each way of holding a
 * process back shows in another one:
 *
 * 1. its CPU time against what it may use (CPU affinity, cgroup quota, GOMAXPROCS);
 * 2. the time its virtual users spent between an answer and the next request: a healthy generator waits
 *    for the service nearly all the time (Little's law: callers = throughput x response time);
 * 3. being stopped or throttled by the system, or pinned to CPUs that had nothing left to give.
 */

import { fromColumns } from "../run-file/requests.ts";
import type { Measurement, Resources, Verdict } from "../run-file/schema.ts";
import { generatorUse, loadWindow, type Window } from "../statistics/resources.ts";

/** Part of the CPU time it may use, from which on the generator counts as saturated. */
const GENERATOR_SHARE_MAX = 0.8;
/** Part of the callers' time that may pass outside of requests. */
const CALLER_IDLE_MAX = 0.35;
/** Part of the load in which a quota may hold the generator back. */
const THROTTLED_SHARE_MAX = 0.05;
/** CPUs that are busier than this have nothing left for a generator that may use no others. */
const PINNED_BUSY_MAX = 0.95;
/** The sampler fires each 250 ms or less; a longer gap means that the machine did not let it. */
const SAMPLE_GAP_MAX_MS = 1_000;

export type Unjudged = Omit<Measurement, "verdict">;

export function judge(measurement: Unjudged): Verdict {
  const reasons = [
    ...requestReasons(measurement),
    ...invariantReasons(measurement),
    ...generatorReasons(measurement),
  ];
  return { valid: reasons.length === 0, reasons };
}

/** The verdict of a whole run; reasons name their measurement. `unfinished` says why loads are missing, if so. */
export function judgeRun(
  measurements: readonly Measurement[],
  unfinished: string | null = null,
): Verdict {
  const reasons = measurements.flatMap(({ pattern, tier, verdict }) =>
    verdict.reasons.map((reason) => `${pattern}, ${tier}: ${reason}`),
  );
  if (unfinished !== null) reasons.push(unfinished);
  return { valid: reasons.length === 0, reasons };
}

function requestReasons({ requestsExpected, requests, generator }: Unjudged): string[] {
  const reasons: string[] = [];
  const recorded = requests.endStepMs.length;
  if (recorded !== requestsExpected) {
    reasons.push(`${recorded} requests were recorded instead of ${requestsExpected}`);
  }
  const wrong = fromColumns(requests).filter((request) => request.error !== null);
  if (wrong.length > 0) {
    const codes = [...new Set(wrong.map((request) => request.error))].slice(0, 5).join(", ");
    reasons.push(`${wrong.length} answers were errors or wrong: ${codes}`);
  }
  if (generator === null) return [...reasons, "k6 left no summary: it did not finish"];
  if (generator.requests !== requestsExpected) {
    reasons.push(`k6 counted ${generator.requests} requests instead of ${requestsExpected}`);
  }
  if (generator.dropped > 0) reasons.push(`k6 dropped ${generator.dropped} iterations`);
  if (generator.checksFailed > 0) reasons.push(`${generator.checksFailed} of k6's checks failed`);
  if (generator.checksPassed + generator.checksFailed !== requestsExpected) {
    reasons.push("not every answer was checked");
  }
  return reasons;
}

function invariantReasons({ findings }: Unjudged): string[] {
  if (findings.length === 0) return ["the end state was not verified"];
  return findings
    .filter((finding) => finding.violations.length > 0)
    .map(({ name, violations }) => `violated: ${name} (${violations[0]})`);
}

function generatorReasons(measurement: Unjudged): string[] {
  const { resources, requests, vus } = measurement;
  const window = loadWindow(requests);
  const reasons: string[] = [];
  const idle = callerIdle(measurement, window);
  if (idle > CALLER_IDLE_MAX) {
    reasons.push(
      `the generator was the bottleneck: its ${vus} callers spent ${percent(idle)} of the time outside of requests (at most ${percent(CALLER_IDLE_MAX)})`,
    );
  }
  if (resources === null) return [...reasons, "CPU and memory were not sampled"];
  return [...reasons, ...limitReasons(resources, window), ...samplerReasons(resources, window)];
}

function limitReasons(resources: Resources, window: Window): string[] {
  const reasons: string[] = [];
  const { limits, stoppedSamples, throttledMs, allowedCpusBusy } = resources.generator;
  const limit = limits.limitedBy === null ? "" : `, held by ${limits.limitedBy}`;
  const use = generatorUse(resources, window);
  if (use === null) return ["the generator was not among the sampled processes"];
  if (use.share >= GENERATOR_SHARE_MAX) {
    reasons.push(
      `the generator was the bottleneck: k6 used ${percent(use.share)} of the ${limits.allowedCpus} CPUs it may use${limit} (must stay below ${percent(GENERATOR_SHARE_MAX)})`,
    );
  }
  if (stoppedSamples > 0) {
    reasons.push(`the generator was held back: k6 was stopped in ${stoppedSamples} samples`);
  }
  const throttled = window.durationMs === 0 ? 0 : throttledMs / window.durationMs;
  if (throttled > THROTTLED_SHARE_MAX) {
    reasons.push(
      `the generator was held back: its cgroup throttled k6 for ${Math.round(throttledMs)} ms`,
    );
  }
  const isPinned = limits.allowedCpus < limits.machineCpus;
  if (isPinned && allowedCpusBusy !== null && allowedCpusBusy > PINNED_BUSY_MAX) {
    reasons.push(
      `the generator was held back: it may use only ${limits.allowedCpus} of ${limits.machineCpus} CPUs${limit}, and they were ${percent(allowedCpusBusy)} busy`,
    );
  }
  return reasons;
}

/** The load must lie inside the samples, and no two neighbours may be too far apart. */
function samplerReasons({ timesMs }: Resources, window: Window): string[] {
  const first = timesMs[0];
  const last = timesMs.at(-1);
  if (first === undefined || last === undefined || first > 0 || last < window.durationMs) {
    return ["CPU and memory were not sampled over the whole load"];
  }
  let longest = 0;
  for (let place = 1; place < timesMs.length; place += 1) {
    longest = Math.max(longest, (timesMs[place] ?? 0) - (timesMs[place - 1] ?? 0));
  }
  return longest > SAMPLE_GAP_MAX_MS
    ? [`the sampler had a gap of ${Math.round(longest)} ms: the machine was not free to measure`]
    : [];
}

/** Part of the callers' time in which no request of theirs was under way, 0 to 1. */
function callerIdle({ requests, vus }: Unjudged, window: Window): number {
  if (window.durationMs === 0) return 0;
  const busyMs = requests.durationUs.reduce((sum, durationUs) => sum + durationUs, 0) / 1_000;
  return Math.max(0, 1 - busyMs / (window.durationMs * vus));
}

const percent = (part: number): string => `${Math.round(part * 100)} %`;
