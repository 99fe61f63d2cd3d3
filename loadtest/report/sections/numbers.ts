/** @module The tables: every number of the charts, errors, store traffic, cost, and the article's figures. */
import type { Estimate } from "../../statistics/interval.ts";
import { heaviest, type PatternSummary, type TierSummary } from "../../statistics/run-summary.ts";
import type { Summary } from "../../statistics/summary.ts";
import { ARTICLE } from "../article.ts";
import { serviceCpuUs } from "../charts/all-charts.ts";
import { compact, fixed, percent, whole } from "../format.ts";
import type { Markup } from "../markup.ts";
import { costPerMillion, PRICES, storeUse } from "../prices.ts";
import { paragraph, section, table } from "./table.ts";

const number = (name: string) => ({ name, isNumber: true });

const NOT_SHOWN = "not shown";
const NOT_COUNTED = "not counted";
const NOT_SAMPLED = "not sampled";

/** What was never sampled has no number, and 0 would be one. */
const sampled = (value: number | null | undefined): string =>
  value === null || value === undefined ? NOT_SAMPLED : whole(value);

const range = ({ value, low, high }: Estimate, digits: number): string =>
  digits === 0
    ? `${whole(value)} (${whole(low)} to ${whole(high)})`
    : `${fixed(value, digits)} (${fixed(low, digits)} to ${fixed(high, digits)})`;

const tail = (estimate: Estimate | null): string =>
  estimate === null ? NOT_SHOWN : range(estimate, 2);

export function numbersSection(patterns: readonly PatternSummary[]): Markup {
  return section(
    "numbers",
    "All numbers",
    paragraph(
      "Milliseconds with 95 % intervals. A percentile is shown only with at least ten requests beyond it. Response time is sending, waiting and receiving; connecting is not in it.",
    ),
    table(
      "Throughput and response time",
      [
        { name: "Pattern" },
        number("Requests"),
        number("Req/s"),
        number("Mean"),
        number("P50"),
        number("P95"),
        number("P99"),
        number("P99.9"),
      ],
      eachTier(patterns, ({ requests, summary }) => [
        whole(requests),
        range(summary.throughput, 0),
        range(summary.meanMs, 2),
        tail(summary.p50Ms),
        tail(summary.p95Ms),
        tail(summary.p99Ms),
        tail(summary.p999Ms),
      ]),
    ),
    table(
      "CPU time of a request in microseconds, and highest memory in MiB",
      [
        { name: "Pattern" },
        number("Requests"),
        number("Service CPU"),
        number("Worker"),
        number("redis-http"),
        number("redis-server"),
        number("Postgres"),
        number("k6"),
        number("Worker memory"),
        number("Stores' memory"),
      ],
      eachTier(patterns, ({ requests, summary }) => {
        const us = (role: "worker" | "gateway" | "redis" | "postgres" | "generator") =>
          sampled(summary.cpuUsPerRequest.get(role));
        return [
          whole(requests),
          sampled(serviceCpuUs(summary)),
          us("worker"),
          us("gateway"),
          us("redis"),
          us("postgres"),
          us("generator"),
          sampled(summary.peakMib.get("worker")),
          sampled(storesMib(summary)),
        ];
      }),
    ),
  );
}

/** `null` unless both stores were sampled: a part is not the sum. */
function storesMib({ peakMib }: Summary): number | null {
  const redis = peakMib.get("redis");
  const postgres = peakMib.get("postgres");
  return redis === undefined || postgres === undefined ? null : redis + postgres;
}

function eachTier(
  patterns: readonly PatternSummary[],
  cells: (tier: TierSummary) => string[],
): string[][] {
  return patterns.flatMap(({ pattern, tiers }) =>
    tiers.map((tier) => [pattern.title, ...cells(tier)]),
  );
}

export function errorsSection(patterns: readonly PatternSummary[]): Markup {
  const rows = patterns.flatMap(({ pattern, tiers }) =>
    tiers.flatMap((tier) =>
      errorCounts(tier).map(({ operation, status, error, count }) => [
        pattern.title,
        whole(tier.requests),
        pattern.operations[operation]?.label ?? "",
        error,
        status === 0 ? "none" : String(status),
        whole(count),
      ]),
    ),
  );
  return section(
    "errors",
    "Errors",
    rows.length === 0
      ? paragraph("None: every request was answered, with the right status and the right meaning.")
      : table(
          "Errors by code",
          [
            { name: "Pattern" },
            number("Requests"),
            { name: "Operation" },
            { name: "Code" },
            number("Status"),
            number("Count"),
          ],
          rows,
        ),
  );
}

function errorCounts({ summary, measurement }: TierSummary) {
  return measurement.requests.outcomes.flatMap(({ operation, status, error }) => {
    if (error === null) return [];
    const count = summary.requests.filter(
      (one) => one.operation === operation && one.status === status && one.error === error,
    ).length;
    return [{ operation, status, error, count }];
  });
}

export function storesSection(patterns: readonly PatternSummary[]): Markup {
  return section(
    "stores",
    "Round trips and cost",
    paragraph(
      "Round trips are the replies' own Kv-Cost, averaged; commands are those of Redis itself (INFO commandstats), inside scripts too, and statements those that the Postgres endpoint counted; the work done after a reply is among them.",
    ),
    table(
      "Store round trips of a request, at the heaviest load",
      [
        { name: "Pattern" },
        { name: "Operation" },
        number("Share"),
        number("Trips"),
        number("Store requests"),
      ],
      patterns.flatMap((one) => tripRows(one)),
    ),
    paragraph(
      `The cost is an estimate: list prices of ${PRICES.asOf} (${PRICES.source}) beyond the included amounts, and CPU as measured on this machine. Neon bills compute time, so statements have no price.`,
    ),
    table(
      "Estimated cost of a million requests, in US dollars",
      [
        { name: "Pattern" },
        number("Redis commands a request"),
        number("SQL statements a request"),
        number("Worker CPU ms a request"),
        number("Requests"),
        number("CPU"),
        number("Redis"),
        number("Sum"),
      ],
      patterns.map(costRow),
    ),
  );
}

function tripRows(one: PatternSummary): string[][] {
  const { measurement } = heaviest(one);
  return one.pattern.operations.map((operation, place) => {
    const cost = measurement.cost.find((entry) => entry.operation === place);
    return [
      one.pattern.title,
      operation.label,
      percent(operation.share),
      cost ? fixed(cost.trips / cost.replies, 3) : NOT_COUNTED,
      cost ? fixed(cost.requests / cost.replies, 3) : NOT_COUNTED,
    ];
  });
}

function costRow(one: PatternSummary): string[] {
  const tier = heaviest(one);
  const use = storeUse(tier);
  const cost = costPerMillion(tier);
  const cpuUs = tier.summary.cpuUsPerRequest.get("worker");
  return [
    one.pattern.title,
    use.redisCommands === null ? NOT_COUNTED : fixed(use.redisCommands, 2),
    use.sqlStatements === null ? NOT_COUNTED : fixed(use.sqlStatements, 2),
    cpuUs === undefined ? NOT_SAMPLED : fixed(cpuUs / 1_000, 3),
    ...(cost === null
      ? ["", "", "", NOT_COUNTED]
      : [cost.requestsUsd, cost.cpuUsd, cost.redisUsd, cost.totalUsd].map((usd) => fixed(usd, 2))),
  ];
}

function workerGb({ peakMib }: Summary): string {
  const mib = peakMib.get("worker");
  return mib === undefined ? NOT_SAMPLED : fixed((mib * 1.048576) / 1_000, 2);
}

export function articleSection(patterns: readonly PatternSummary[]): Markup {
  const { collapse } = ARTICLE;
  const lsm = patterns.find(({ pattern }) => pattern.id === collapse.pattern);
  const ours = patterns.map((one) => heaviest(one).summary);
  const throughput = ours.map((summary) => summary.throughput.value);
  const mean = ours.map((summary) => summary.meanMs.value);
  const between = (values: readonly number[]) =>
    `${compact(Math.min(...values))} to ${compact(Math.max(...values))}`;
  const at50k = lsm?.tiers.find((tier) => tier.requests === collapse.requests)?.summary;
  return section(
    "article",
    "Beside the source article",
    paragraph(
      `The article measured ${ARTICLE.stack} on another machine, so this is orientation, not a comparison.`,
    ),
    table(
      "The article's figures and this run's",
      [{ name: "Figure" }, number("Article"), number("This run")],
      [
        [
          "Throughput of the patterns, req/s",
          `${ARTICLE.throughput.low} to ${ARTICLE.throughput.high}`,
          between(throughput),
        ],
        [
          "Mean response time, ms",
          `${ARTICLE.meanMs.low} to ${ARTICLE.meanMs.high}`,
          between(mean),
        ],
        [
          "bloom-sstable at 50,000 requests, req/s",
          String(collapse.throughput),
          at50k ? whole(at50k.throughput.value) : "not measured",
        ],
        [
          "bloom-sstable at 50,000 requests, errors",
          percent(collapse.errorRate, 1),
          at50k ? percent(at50k.errorRate.value, 1) : "not measured",
        ],
        [
          "bloom-sstable at 50,000 requests, memory in GB",
          String(collapse.memoryGb),
          at50k ? workerGb(at50k) : "not measured",
        ],
      ],
    ),
  );
}
