import type { Estimate } from "../statistics/interval.ts";
import type { RowResult } from "./measure-row.ts";
import type { Noise } from "./noise.ts";
import { RATIO_MIN } from "./ratio.ts";

/** What the bench says when it is done. */
export function benchText(rows: readonly RowResult[]): string {
  const head = [
    "operation",
    "of its floor (95 %)",
    "",
    "Worker",
    "floor",
    "trips",
    "CPU µs",
    "floor",
  ];
  const lines = rows.map((row) => [
    row.id,
    ratioText(row.ratio),
    row.fault === null ? row.judgement : "INVALID",
    `${Math.round(row.pattern)}/s`,
    `${Math.round(row.floor)}/s`,
    `${row.tripsPinned} (${row.tripsCounted === null ? "not counted" : row.tripsCounted.toFixed(3)})`,
    row.patternCpuUs.toFixed(0),
    row.floorCpuUs.toFixed(0),
  ]);
  const widths = head.map((_, place) =>
    Math.max(...[head, ...lines].map((line) => line[place]?.length ?? 0)),
  );
  const text = [head, ...lines].map((line) =>
    `  ${line.map((cell, place) => cell.padEnd(widths[place] ?? 0)).join("  ")}`.trimEnd(),
  );
  const faults = rows.flatMap((row) => (row.fault === null ? [] : [`  ${row.id}: ${row.fault}`]));
  return [
    ...text,
    ...faults,
    `  Meets: the lower bound is at least ${RATIO_MIN}. Trips: pinned (counted by the stores' endpoints, background work included). CPU: workerd, for one request.`,
  ].join("\n");
}

export function noiseText(id: string, { ratio, fault }: Noise): string {
  const verdict = fault === null ? "" : `  INVALID: ${fault}`;
  return `\n  A/A, ${id}: floor against itself ${ratioText(ratio)}${verdict}`;
}

const ratioText = ({ value, low, high }: Estimate): string =>
  `${value.toFixed(3)} (${low.toFixed(3)} to ${high.toFixed(3)})`;
