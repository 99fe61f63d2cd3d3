/**
 * @module
 * Response time as the load goes on, one small panel a pattern: the line is the median of a slice of the
 * load, the shade reaches to its P95. Pauses, warm-up and growth show here and nowhere else.
 */
import type { MeasuredRequest } from "../../run-file/requests.ts";
import { ascending, quantile } from "../../statistics/quantile.ts";
import { compact } from "../format.ts";
import { element, join, type Markup } from "../markup.ts";
import { linearScale } from "../scale.ts";
import { seriesClass } from "../theme.ts";
import { type Chart, frame, label, leftAxis, WIDTH } from "./frame.ts";

const COLUMNS = 2;
const PANEL_HEIGHT = 120;
const PANEL_GAP = 54;
const LEFT = 46;
const HEAD_HEIGHT = 84;
const SLICES_MAX = 60;
/** Enough for ten requests beyond the P95 of a slice. */
const SLICE_REQUESTS_MIN = 200;

export interface TimePanel {
  readonly name: string;
  readonly series: number;
  /** In order of their end. */
  readonly requests: readonly MeasuredRequest[];
}

interface Slice {
  readonly endMs: number;
  readonly p50: number;
  readonly p95: number;
}

export function latencyOverTime(
  id: string,
  title: string,
  note: string,
  panels: readonly TimePanel[],
): Chart {
  const width = (WIDTH - (COLUMNS - 1) * 30) / COLUMNS;
  const markup = panels.map((panel, place) =>
    panelMarkup(panel, {
      x: (place % COLUMNS) * (width + 30),
      y: HEAD_HEIGHT + Math.floor(place / COLUMNS) * (PANEL_HEIGHT + PANEL_GAP),
      width,
    }),
  );
  const rows = Math.ceil(panels.length / COLUMNS);
  const height = HEAD_HEIGHT + rows * (PANEL_HEIGHT + PANEL_GAP) - 12;
  return frame({ id, title, note, description: describe(panels), height }, ...markup);
}

function slicesOf(requests: readonly MeasuredRequest[]): Slice[] {
  const count = Math.max(1, Math.min(SLICES_MAX, Math.floor(requests.length / SLICE_REQUESTS_MIN)));
  return Array.from({ length: count }, (_, place) => {
    const from = Math.floor((place * requests.length) / count);
    const to = Math.floor(((place + 1) * requests.length) / count);
    const part = requests.slice(from, to);
    const sorted = ascending(part.map((request) => request.durationUs));
    return {
      endMs: part.at(-1)?.endMs ?? 0,
      p50: sorted.length === 0 ? 0 : quantile(sorted, 0.5) / 1_000,
      p95: sorted.length === 0 ? 0 : quantile(sorted, 0.95) / 1_000,
    };
  });
}

function panelMarkup(
  { name, series, requests }: TimePanel,
  place: { readonly x: number; readonly y: number; readonly width: number },
): Markup {
  const slices = slicesOf(requests);
  const left = place.x + LEFT;
  const right = place.x + place.width - 14;
  const bottom = place.y + PANEL_HEIGHT;
  const endMs = slices.at(-1)?.endMs ?? 1;
  const y = linearScale(Math.max(0, ...slices.map((slice) => slice.p95)), {
    from: bottom,
    to: place.y + 8,
  });
  const x = linearScale(endMs / 1_000, { from: left, to: right });
  const at = (slice: Slice, value: number) => `${r(x.at(slice.endMs / 1_000))},${r(y.at(value))}`;
  const upper = slices.map((slice) => at(slice, slice.p95));
  const lower = slices.map((slice) => at(slice, slice.p50));
  const className = seriesClass(series);
  return join([
    label(
      left,
      place.y - 10,
      `${name}, ${requests.length.toLocaleString("en-US")} requests`,
      "label strong",
    ),
    leftAxis(y, left, right, ""),
    ...x.ticks.map((tick) =>
      label(x.at(tick), bottom + 15, `${compact(tick)} s`, "tick", "middle"),
    ),
    element("polygon", {
      points: [...upper, ...lower.toReversed()].join(" "),
      class: `${className} area`,
    }),
    element("polyline", { points: lower.join(" "), class: `${className} line` }),
  ]);
}

const r = (value: number): number => Math.round(value * 100) / 100;

function describe(panels: readonly TimePanel[]): string {
  return panels
    .map(({ name, requests }) => {
      const slices = slicesOf(requests);
      const medians = slices.map((slice) => slice.p50);
      return `${name}: the median of a slice is between ${compact(Math.min(...medians))} and ${compact(Math.max(...medians))} ms in ${slices.length} slices.`;
    })
    .join(" ");
}
