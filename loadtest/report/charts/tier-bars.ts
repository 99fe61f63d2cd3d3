/**
 * @module
 * One row a pattern, one bar a load, with the 95 % interval as a whisker and the number beside it.
 */
import type { TierId } from "../../protocol/tiers.ts";
import type { Estimate } from "../../statistics/interval.ts";
import { compact, whole } from "../format.ts";
import { type Child, element, join, type Markup } from "../markup.ts";
import { linearScale } from "../scale.ts";
import { TIER_CLASS } from "../theme.ts";
import { bottomAxis, type Chart, frame, HEAD, label, legend, NAMES, WIDTH } from "./frame.ts";

const BAR = 13;
const BAR_GAP = 3;
const ROW_GAP = 14;
/** Room for the number beside the longest bar. */
const NUMBERS = 150;

export interface TierValue {
  readonly tier: TierId;
  readonly requests: number;
  readonly estimate: Estimate;
}

export interface TierRow {
  readonly name: string;
  readonly values: readonly TierValue[];
}

export interface TierBars {
  readonly id: string;
  readonly title: string;
  readonly note: string;
  readonly unit: string;
  readonly rows: readonly TierRow[];
  /** Range that somebody else measured, drawn behind the bars. */
  readonly reference?: { readonly name: string; readonly low: number; readonly high: number };
}

export function tierBars({ id, title, note, unit, rows, reference }: TierBars): Chart {
  const highest = Math.max(0, ...rows.flatMap((row) => row.values.map((one) => one.estimate.high)));
  const scale = linearScale(Math.max(highest, reference?.high ?? 0), {
    from: NAMES,
    to: WIDTH - NUMBERS,
  });
  let y = HEAD + 6;
  const bars: Markup[] = [];
  for (const row of rows) {
    bars.push(rowMarkup(row, y, scale.at, unit));
    y += rowHeight(row) + ROW_GAP;
  }
  const bottom = y - ROW_GAP + 6;
  return frame(
    { id, title, note, description: describe(rows, unit), height: bottom + 38 },
    legend([...tiersOf(rows), ...(reference ? [{ name: reference.name, className: "band" }] : [])]),
    reference
      ? element("rect", {
          x: scale.at(reference.low),
          y: HEAD - 2,
          width: scale.at(reference.high) - scale.at(reference.low),
          height: bottom - HEAD + 2,
          class: "band",
        })
      : null,
    bottomAxis(scale, HEAD - 2, bottom, unit),
    ...bars,
  );
}

const rowHeight = (row: TierRow): number => Math.max(1, row.values.length) * (BAR + BAR_GAP);

function rowMarkup(row: TierRow, y: number, at: (value: number) => number, unit: string): Markup {
  const middle = y + rowHeight(row) / 2 + 3;
  const children: Child[] = [label(NAMES - 12, middle, row.name, "label", "end")];
  for (const [place, { tier, estimate }] of row.values.entries()) {
    const top = y + place * (BAR + BAR_GAP);
    const width = Math.max(0, at(estimate.value) - NAMES);
    children.push(
      element("rect", { x: NAMES, y: top, width, height: BAR, rx: 2, class: TIER_CLASS[tier] }),
      whisker(at(estimate.low), at(estimate.high), top + BAR / 2),
      label(at(estimate.high) + 8, top + BAR - 2.5, valueText(estimate, unit), "tick"),
    );
  }
  return join(children);
}

/** A line from low to high with ends, set off from the bar below it. */
export function whisker(from: number, to: number, y: number): Markup {
  const d = `M${round(from)} ${round(y)}H${round(to)}M${round(from)} ${round(y - 3)}v6M${round(to)} ${round(y - 3)}v6`;
  return join([element("path", { d, class: "halo" }), element("path", { d, class: "whisker" })]);
}

const round = (value: number): number => Math.round(value * 100) / 100;

const valueText = ({ value, low, high }: Estimate, unit: string): string =>
  `${compact(value)} ${unit} (${compact(low)} to ${compact(high)})`;

/** The loads that occur, lightest first. */
export function tiersOf(rows: readonly TierRow[]): { name: string; className: string }[] {
  const found = new Map<TierId, number>();
  for (const { tier, requests } of rows.flatMap((row) => row.values)) found.set(tier, requests);
  return [...found]
    .toSorted(([, a], [, b]) => a - b)
    .map(([tier, requests]) => ({
      name: `${whole(requests)} requests`,
      className: TIER_CLASS[tier],
    }));
}

function describe(rows: readonly TierRow[], unit: string): string {
  return rows
    .map(({ name, values }) => {
      const parts = values.map(
        ({ requests, estimate }) => `${valueText(estimate, unit)} at ${whole(requests)} requests`,
      );
      return `${name}: ${parts.join(", ")}.`;
    })
    .join(" ");
}
