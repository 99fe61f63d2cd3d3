/**
 * @module
 * A number against the load: one line a pattern, points where it was measured, names at the line's end.
 */
import type { Estimate } from "../../statistics/interval.ts";
import { compact, whole } from "../format.ts";
import { element, join, type Markup } from "../markup.ts";
import { linearScale, type Scale } from "../scale.ts";
import { seriesClass } from "../theme.ts";
import { type Chart, frame, HEAD, label, leftAxis, spread, WIDTH } from "./frame.ts";
import { marker } from "./marker.ts";

const LEFT = 62;
/** Room for the names at the right. */
const NAMES_RIGHT = 190;
const PLOT_HEIGHT = 250;
const NAME_GAP = 15;
/** Width over which the points of one load are spread. */
const DODGE = 36;

export interface LoadLine {
  readonly name: string;
  /** Place of the pattern's colour and marker. */
  readonly series: number;
  readonly points: readonly { readonly requests: number; readonly estimate: Estimate }[];
}

export interface LoadLines {
  readonly id: string;
  readonly title: string;
  readonly note: string;
  readonly unit: string;
  readonly lines: readonly LoadLine[];
}

export function loadLines({ id, title, note, unit, lines }: LoadLines): Chart {
  const loads = [...new Set(lines.flatMap((line) => line.points.map((point) => point.requests)))];
  loads.sort((a, b) => a - b);
  const top = HEAD + 6;
  const bottom = top + PLOT_HEIGHT;
  const right = WIDTH - NAMES_RIGHT;
  const highest = Math.max(0, ...lines.flatMap((line) => line.points.map((p) => p.estimate.high)));
  const y = linearScale(highest, { from: bottom, to: top });
  const x = (requests: number) => loadPlace(loads, requests, { from: LEFT + 30, to: right - 24 });
  const ends = spread(
    lines.map((line) => y.at(line.points.at(-1)?.estimate.value ?? 0)),
    NAME_GAP,
    { from: top, to: bottom },
  );
  const drawn = lines.map((line, place) => {
    // Beside each other, so that whiskers of equal values do not hide one another.
    const aside = (place - (lines.length - 1) / 2) * Math.min(6, DODGE / lines.length);
    return drawLine(line, (load) => x(load) + aside, y, { x: right + 8, y: ends[place] ?? 0 });
  });
  return frame(
    { id, title, note, description: describe(lines, unit), height: bottom + 44 },
    leftAxis(y, LEFT, right, unit),
    ...loads.map((load) => label(x(load), bottom + 18, whole(load), "tick", "middle")),
    label((LEFT + right) / 2, bottom + 36, "requests of the run (logarithmic)", "tick", "middle"),
    ...drawn.map((line) => line.lines),
    ...drawn.map((line) => line.marks),
  );
}

/** Logarithmic between the lightest and the heaviest load; a single load is in the middle. */
function loadPlace(
  loads: readonly number[],
  requests: number,
  span: { from: number; to: number },
): number {
  const first = loads[0] ?? 1;
  const last = loads.at(-1) ?? 1;
  if (first === last) return (span.from + span.to) / 2;
  return span.from + (Math.log(requests / first) / Math.log(last / first)) * (span.to - span.from);
}

interface DrawnLine {
  /** The line and its whiskers, to be drawn below all marks. */
  readonly lines: Markup;
  readonly marks: Markup;
}

function drawLine(
  { name, series, points }: LoadLine,
  x: (requests: number) => number,
  y: Scale,
  end: { readonly x: number; readonly y: number },
): DrawnLine {
  const className = seriesClass(series);
  const places = points.map(({ requests, estimate }) => ({
    x: r(x(requests)),
    y: r(y.at(estimate.value)),
    low: r(y.at(estimate.low)),
    high: r(y.at(estimate.high)),
  }));
  const last = places.at(-1);
  const lines = join([
    element("polyline", {
      points: places.map((p) => `${p.x},${p.y}`).join(" "),
      class: `${className} line`,
    }),
    ...places.map((p) =>
      element("path", {
        d: `M${p.x} ${p.low}V${p.high}M${r(p.x - 3)} ${p.low}h6M${r(p.x - 3)} ${p.high}h6`,
        class: `${className} line thin`,
      }),
    ),
    last
      ? element("path", {
          d: `M${r(last.x + 6)} ${last.y}L${r(end.x - 3)} ${r(end.y)}`,
          class: "grid",
        })
      : null,
  ]);
  const marks = join([
    ...places.map((p) => marker(series, p.x, p.y)),
    marker(series, end.x + 5, end.y),
    label(end.x + 15, end.y + 4, name),
  ]);
  return { lines, marks };
}

const r = (value: number): number => Math.round(value * 100) / 100;

function describe(lines: readonly LoadLine[], unit: string): string {
  return lines
    .map(({ name, points }) => {
      const parts = points.map(
        ({ requests, estimate }) => `${compact(estimate.value)} ${unit} at ${whole(requests)}`,
      );
      return `${name}: ${parts.join(", ")}.`;
    })
    .join(" ");
}
