/**
 * @module
 * The charts of a run: the seven of the source article, and two that show what averages hide. Their order
 * and numbers are those of the report.
 */
import { PATTERNS, type PatternId } from "../../../shared/patterns.ts";
import type { Estimate } from "../../statistics/interval.ts";
import { ascending } from "../../statistics/quantile.ts";
import { heaviest, type PatternSummary, type TierSummary } from "../../statistics/run-summary.ts";
import type { Summary } from "../../statistics/summary.ts";
import { ARTICLE } from "../article.ts";
import { whole } from "../format.ts";
import type { Chart } from "./frame.ts";
import { latencyOverTime } from "./latency-over-time.ts";
import { loadLines } from "./load-lines.ts";
import { percentileCurve } from "./percentile-curve.ts";
import { stackedBars } from "./stacked-bars.ts";
import { tailRanges } from "./tail-ranges.ts";
import { tierBars } from "./tier-bars.ts";

/** A pattern has the same colour and mark in every report, whichever patterns were measured. */
const seriesOf = (id: PatternId): number => PATTERNS.findIndex((pattern) => pattern.id === id);

export interface ReportCharts {
  /** The seven. */
  readonly main: readonly Chart[];
  readonly more: readonly Chart[];
}

export function reportCharts(patterns: readonly PatternSummary[]): ReportCharts {
  return {
    main: [
      throughputChart(patterns),
      meanChart(patterns),
      throughputByLoad(patterns),
      cpuChart(patterns),
      tailChart(patterns),
      memoryChart(patterns),
      meanByLoad(patterns),
    ],
    more: [distributionChart(patterns), timeChart(patterns)],
  };
}

const rows = (patterns: readonly PatternSummary[], estimate: (summary: Summary) => Estimate) =>
  patterns.map(({ pattern, tiers }) => ({
    name: pattern.title,
    values: tiers.map(({ tier, requests, summary }) => ({
      tier,
      requests,
      estimate: estimate(summary),
    })),
  }));

const throughputChart = (patterns: readonly PatternSummary[]): Chart =>
  tierBars({
    id: "1-throughput",
    title: "1  Throughput",
    note: "Right answers a second, with the 95 % interval. Longer is better.",
    unit: "req/s",
    rows: rows(patterns, (summary) => summary.throughput),
    reference: { name: "the source article's range", ...ARTICLE.throughput },
  });

const meanChart = (patterns: readonly PatternSummary[]): Chart =>
  tierBars({
    id: "2-response-time",
    title: "2  Mean response time",
    note: "Sending, waiting and receiving, in milliseconds, with the 95 % interval. Shorter is better.",
    unit: "ms",
    rows: rows(patterns, (summary) => summary.meanMs),
    reference: { name: "the source article's range", ...ARTICLE.meanMs },
  });

const lines = (patterns: readonly PatternSummary[], estimate: (summary: Summary) => Estimate) =>
  patterns.map(({ pattern, tiers }) => ({
    name: pattern.title,
    series: seriesOf(pattern.id),
    points: tiers.map(({ requests, summary }) => ({ requests, estimate: estimate(summary) })),
  }));

const throughputByLoad = (patterns: readonly PatternSummary[]): Chart =>
  loadLines({
    id: "3-throughput-by-load",
    title: "3  Throughput against load",
    note: "A level line scales; a falling one degrades. Whiskers are 95 % intervals.",
    unit: "req/s",
    lines: lines(patterns, (summary) => summary.throughput),
  });

const meanByLoad = (patterns: readonly PatternSummary[]): Chart =>
  loadLines({
    id: "7-response-time-by-load",
    title: "7  Mean response time against load",
    note: "A level line scales; a rising one degrades. Whiskers are 95 % intervals.",
    unit: "ms",
    lines: lines(patterns, (summary) => summary.meanMs),
  });

function cpuChart(patterns: readonly PatternSummary[]): Chart {
  return stackedBars({
    id: "4-cpu",
    title: "4  CPU",
    note: "CPUs in use on average during the load, by process; beside the sum, the service's CPU time for each request.",
    unit: "CPUs",
    rows: patterns.map(({ pattern, tiers }) => ({
      name: pattern.title,
      bars: tiers.map(({ tier, requests, summary }) => ({
        tier,
        requests,
        parts: without(summary.cpus, ["lab", "supervisor"]),
        detail: serviceCpuText(summary),
      })),
    })),
  });
}

function serviceCpuText(summary: Summary): string {
  const us = serviceCpuUs(summary);
  return us === null ? "" : `, ${whole(us)} µs/req`;
}

/** CPU microseconds that the service and its stores spend on a request; `null` where the Worker was not sampled. */
export function serviceCpuUs({ cpuUsPerRequest }: Summary): number | null {
  if (!cpuUsPerRequest.has("worker")) return null;
  const service = without(cpuUsPerRequest, ["generator", "lab", "supervisor"]);
  return [...service.values()].reduce((sum, us) => sum + us, 0);
}

function memoryChart(patterns: readonly PatternSummary[]): Chart {
  return stackedBars({
    id: "6-memory",
    title: "6  Memory",
    note: "Highest resident memory during the load, by process, in MiB (shared pages count for each).",
    unit: "MiB",
    rows: patterns.map(({ pattern, tiers }) => ({
      name: pattern.title,
      bars: tiers.map(({ tier, requests, summary }) => ({
        tier,
        requests,
        parts: without(summary.peakMib, ["lab", "supervisor"]),
        detail: "",
      })),
    })),
  });
}

function without<Key extends string>(
  map: ReadonlyMap<Key, number>,
  left: readonly Key[],
): ReadonlyMap<Key, number> {
  return new Map([...map].filter(([key]) => !left.includes(key)));
}

const tailChart = (patterns: readonly PatternSummary[]): Chart =>
  tailRanges(
    "5-tail-latency",
    "5  P95 and P99",
    "From the circle (P95) to the bar (P99), in milliseconds; the whisker is the P99's 95 % interval.",
    patterns.map(({ pattern, tiers }) => ({
      name: pattern.title,
      values: tiers.map(({ tier, requests, summary }) => ({
        tier,
        requests,
        p95: summary.p95Ms,
        p99: summary.p99Ms,
      })),
    })),
  );

const distributionChart = (patterns: readonly PatternSummary[]): Chart =>
  percentileCurve(
    "8-distribution",
    "8  Distribution of response times",
    "At the heaviest load measured; logarithmic. Each curve ends where fewer than ten requests lie beyond.",
    patterns.map((one) => ({
      name: one.pattern.title,
      series: seriesOf(one.pattern.id),
      durationsUs: ascending(durations(heaviest(one))),
    })),
  );

const durations = ({ summary }: TierSummary): number[] =>
  summary.requests.map((request) => request.durationUs);

const timeChart = (patterns: readonly PatternSummary[]): Chart =>
  latencyOverTime(
    "9-latency-over-time",
    "9  Response time over time",
    "At the heaviest load, in milliseconds. Line: median of a slice of the load; shade: up to its P95.",
    patterns.map((one) => ({
      name: one.pattern.title,
      series: seriesOf(one.pattern.id),
      requests: heaviest(one).summary.requests,
    })),
  );
