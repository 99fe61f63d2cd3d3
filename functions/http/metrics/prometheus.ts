/**
 * @module
 * Totals as Prometheus text (exposition format 0.0.4). Series are sorted, so that two readings can be compared
 * line by line.
 */
import type { Counters, Totals } from "../../../shared/metrics/totals.ts";
import { LATENCY_BOUNDS_S } from "./registry.ts";

export const PROMETHEUS_TYPE = "text/plain; version=0.0.4; charset=utf-8";

interface Family {
  readonly name: string;
  readonly help: string;
  /** The kind of counter, and the label its part after the colon becomes. */
  readonly kind: string;
  readonly label?: string;
}

const COUNTERS: readonly Family[] = [
  {
    name: "edge_kv_requests_total",
    help: "Requests answered, by HTTP status.",
    kind: "status",
    label: "status",
  },
  {
    name: "edge_kv_errors_total",
    help: "Requests answered with a problem, by its code.",
    kind: "code",
    label: "code",
  },
  {
    name: "edge_kv_store_round_trips_total",
    help: "Sequential round trips to stores before the reply.",
    kind: "trips",
  },
  {
    name: "edge_kv_store_requests_total",
    help: "Requests to stores before the reply.",
    kind: "requests",
  },
  {
    name: "edge_kv_background_runs_total",
    help: "Work after a reply or by the clock, by outcome.",
    kind: "background",
    label: "outcome",
  },
  {
    name: "edge_kv_background_store_requests_total",
    help: "Requests to stores made after a reply or by the clock.",
    kind: "backgroundRequests",
  },
  {
    name: "edge_kv_events_total",
    help: "Events of a pattern's own, such as cache hits.",
    kind: "event",
    label: "event",
  },
];

const DURATION = "edge_kv_request_duration_seconds";

/** The text of `/metrics`. */
export function prometheusText(totals: Totals): string {
  const subjects = Object.entries(totals).sort(([a], [b]) => (a < b ? -1 : 1));
  const lines = COUNTERS.flatMap((family) => [
    `# HELP ${family.name} ${family.help}`,
    `# TYPE ${family.name} counter`,
    ...subjects.flatMap(([subject, counters]) => samples(family, subject, counters)),
  ]);
  lines.push(
    `# HELP ${DURATION} Time from a request's arrival to its reply.`,
    `# TYPE ${DURATION} histogram`,
    ...subjects.flatMap(([subject, counters]) => histogram(subject, counters)),
  );
  return `${lines.join("\n")}\n`;
}

function samples({ name, kind, label }: Family, subject: string, counters: Counters): string[] {
  return Object.keys(counters)
    .filter((counter) => counter.split(":", 1)[0] === kind)
    .sort()
    .map((counter) => {
      const labels = labelsOf(subject);
      if (label !== undefined) labels.push([label, counter.slice(kind.length + 1)]);
      return `${name}${braces(labels)} ${counters[counter]}`;
    });
}

/** Buckets are stored one by one and shown summed up and complete, as Prometheus wants them. */
function histogram(subject: string, counters: Counters): string[] {
  const bounds = Object.keys(counters).filter((counter) => counter.startsWith("le:"));
  if (bounds.length === 0) return [];
  const labels = labelsOf(subject);
  const stored = bounds.map((counter) => Number(counter.slice(3))).filter(Number.isFinite);
  const finite = [...new Set([...LATENCY_BOUNDS_S, ...stored])].sort((a, b) => a - b);
  let count = 0;
  const buckets = finite.map((bound) => {
    count += counters[`le:${bound}`] ?? 0;
    return `${DURATION}_bucket${braces([...labels, ["le", String(bound)]])} ${count}`;
  });
  count += counters["le:+Inf"] ?? 0;
  const { durationMs = 0 }: { readonly durationMs?: number } = counters;
  return [
    ...buckets,
    `${DURATION}_bucket${braces([...labels, ["le", "+Inf"]])} ${count}`,
    `${DURATION}_sum${braces(labels)} ${durationMs / 1000}`,
    `${DURATION}_count${braces(labels)} ${count}`,
  ];
}

type Label = [name: string, value: string];

/** `leaderboard.submit` is a pattern and an operation; a subject without a dot is a pattern alone. */
function labelsOf(subject: string): Label[] {
  const dot = subject.indexOf(".");
  if (dot === -1) return [["pattern", subject]];
  return [
    ["pattern", subject.slice(0, dot)],
    ["operation", subject.slice(dot + 1)],
  ];
}

function braces(labels: readonly Label[]): string {
  return `{${labels.map(([name, value]) => `${name}="${escaped(value)}"`).join(",")}}`;
}

function escaped(value: string): string {
  return value.replace(/\\/g, "\\\\").replace(/"/g, '\\"').replace(/\n/g, "\\n");
}
