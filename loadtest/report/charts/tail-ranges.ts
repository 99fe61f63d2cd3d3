/**
 * @module
 * P95 and P99 of each load on one line: the left end is the P95, the right end the P99.
 */
import type { TierId } from "../../protocol/tiers.ts";
import type { Estimate } from "../../statistics/interval.ts";
import { compact, whole } from "../format.ts";
import { type Child, element, join, type Markup } from "../markup.ts";
import { linearScale } from "../scale.ts";
import { TIER_CLASS } from "../theme.ts";
import { bottomAxis, type Chart, frame, HEAD, label, legend, NAMES, WIDTH } from "./frame.ts";
import { tiersOf, whisker } from "./tier-bars.ts";

const LINE = 18;
const ROW_GAP = 12;
const NUMBERS = 150;

export interface TailValue {
  readonly tier: TierId;
  readonly requests: number;
  /** In milliseconds; `null` with too few requests beyond it. */
  readonly p95: Estimate | null;
  readonly p99: Estimate | null;
}

export interface TailRow {
  readonly name: string;
  readonly values: readonly TailValue[];
}

export function tailRanges(
  id: string,
  title: string,
  note: string,
  rows: readonly TailRow[],
): Chart {
  const estimates = rows.flatMap((row) => row.values.flatMap(({ p95, p99 }) => [p95, p99]));
  const highest = Math.max(0, ...estimates.map((estimate) => estimate?.high ?? 0));
  const scale = linearScale(highest, { from: NAMES, to: WIDTH - NUMBERS });
  let y = HEAD + 6;
  const content: Markup[] = [];
  for (const row of rows) {
    content.push(rowMarkup(row, y, scale.at));
    y += row.values.length * LINE + ROW_GAP;
  }
  const bottom = y - ROW_GAP + 6;
  const loads = rows.map((row) => ({
    name: row.name,
    values: row.values.flatMap(({ tier, requests, p95 }) =>
      p95 === null ? [] : [{ tier, requests, estimate: p95 }],
    ),
  }));
  return frame(
    { id, title, note, description: describe(rows), height: bottom + 38 },
    legend(tiersOf(loads)),
    bottomAxis(scale, HEAD - 2, bottom, "ms"),
    ...content,
  );
}

function rowMarkup(row: TailRow, y: number, at: (value: number) => number): Markup {
  const children: Child[] = [
    label(NAMES - 12, y + (row.values.length * LINE) / 2 + 4, row.name, "label", "end"),
  ];
  for (const [place, { tier, p95, p99 }] of row.values.entries()) {
    const middle = y + place * LINE + LINE / 2;
    if (p95 === null) continue;
    const className = TIER_CLASS[tier];
    const end = p99 ?? p95;
    children.push(
      element("rect", {
        x: at(p95.value),
        y: middle - 3,
        width: Math.max(0, at(end.value) - at(p95.value)),
        height: 6,
        class: className,
      }),
      element("circle", { cx: at(p95.value), cy: middle, r: 5, class: className }),
      p99
        ? element("rect", {
            x: at(p99.value) - 1.5,
            y: middle - 7,
            width: 3,
            height: 14,
            class: className,
          })
        : null,
      p99 ? whisker(at(p99.low), at(p99.high), middle) : null,
      label(
        Math.max(at(end.high), at(p95.value)) + 10,
        middle + 4,
        `P95 ${compact(p95.value)}, P99 ${p99 === null ? "not shown" : `${compact(p99.value)} ms`}`,
        "tick",
      ),
    );
  }
  return join(children);
}

function describe(rows: readonly TailRow[]): string {
  const text = (estimate: Estimate | null) =>
    estimate === null
      ? "not shown"
      : `${compact(estimate.value)} ms (${compact(estimate.low)} to ${compact(estimate.high)})`;
  return rows
    .flatMap(({ name, values }) =>
      values.map(
        ({ requests, p95, p99 }) =>
          `${name} at ${whole(requests)} requests: P95 ${text(p95)}, P99 ${text(p99)}.`,
      ),
    )
    .join(" ");
}
