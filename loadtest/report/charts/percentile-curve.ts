/**
 * @module
 * The whole distribution: response time against the part of requests that were no slower. The further
 * right, the rarer; each curve ends where fewer than ten requests lie beyond.
 */
import { isShowable, quantile } from "../../statistics/quantile.ts";
import { compact } from "../format.ts";
import { element, join, type Markup } from "../markup.ts";
import { logScale, type Scale } from "../scale.ts";
import { seriesClass } from "../theme.ts";
import { type Chart, frame, HEAD, label, leftAxis, spread, WIDTH } from "./frame.ts";
import { marker } from "./marker.ts";

const LEFT = 62;
const NAMES_RIGHT = 190;
const PLOT_HEIGHT = 270;
const NAME_GAP = 15;
const STEPS_PER_DECADE = 12;

const TICKS: readonly (readonly [p: number, name: string])[] = [
  [0.5, "50 %"],
  [0.9, "90 %"],
  [0.95, "95 %"],
  [0.99, "99 %"],
  [0.999, "99.9 %"],
];

export interface DistributionLine {
  readonly name: string;
  readonly series: number;
  /** In ascending order. */
  readonly durationsUs: Float64Array;
}

interface Point {
  readonly rarity: number;
  readonly ms: number;
}

export function percentileCurve(
  id: string,
  title: string,
  note: string,
  lines: readonly DistributionLine[],
): Chart {
  const curves = lines.map((line) => ({ ...line, points: curve(line.durationsUs) }));
  const all = curves.flatMap((one) => one.points);
  const top = HEAD;
  const bottom = top + PLOT_HEIGHT;
  const right = WIDTH - NAMES_RIGHT;
  const rarest = Math.max(10, ...all.map((point) => point.rarity));
  const x = logScale(2, rarest, { from: LEFT, to: right });
  const slowest = Math.max(0.1, ...all.map((point) => point.ms));
  const fastest = Math.min(slowest, ...all.map((point) => point.ms));
  const y = logScale(fastest * 0.8, slowest * 1.2, { from: bottom, to: top });
  const ends = spread(
    curves.map(({ points }) => y.at(points.at(-1)?.ms ?? fastest)),
    NAME_GAP,
    { from: top, to: bottom },
  );
  return frame(
    { id, title, note, description: describe(lines), height: bottom + 44 },
    leftAxis(y, LEFT, right, "ms"),
    ...TICKS.filter(([p]) => 1 / (1 - p) <= rarest * 1.001).map(([p, name]) =>
      tick(x.at(1 / (1 - p)), name, top, bottom),
    ),
    label(
      (LEFT + right) / 2,
      bottom + 36,
      "part of the requests that were no slower",
      "tick",
      "middle",
    ),
    ...curves.map((one, place) => curveMarkup(one, x, y, { x: right + 8, y: ends[place] ?? 0 })),
  );
}

const tick = (x: number, name: string, top: number, bottom: number): Markup =>
  join([
    element("line", { x1: x, x2: x, y1: top, y2: bottom, class: "grid" }),
    label(x, bottom + 18, name, "tick", "middle"),
  ]);

/** From the median on, evenly in log(1 / (1 - p)). */
function curve(durationsUs: Float64Array): Point[] {
  const points: Point[] = [];
  for (let step = 0; step < STEPS_PER_DECADE * 5; step += 1) {
    const rarity = 2 * 10 ** (step / STEPS_PER_DECADE);
    const p = 1 - 1 / rarity;
    if (!isShowable(durationsUs.length, p)) break;
    points.push({ rarity, ms: quantile(durationsUs, p) / 1_000 });
  }
  return points;
}

function curveMarkup(
  { name, series, points }: { name: string; series: number; points: readonly Point[] },
  x: Scale,
  y: Scale,
  end: { readonly x: number; readonly y: number },
): Markup {
  const place = (point: Point) => `${r(x.at(point.rarity))},${r(y.at(point.ms))}`;
  const last = points.at(-1);
  return join([
    element("polyline", {
      points: points.map(place).join(" "),
      class: `${seriesClass(series)} line`,
    }),
    last
      ? element("path", {
          d: `M${r(x.at(last.rarity))} ${r(y.at(last.ms))}L${r(end.x - 2)} ${r(end.y)}`,
          class: "grid",
        })
      : null,
    marker(series, end.x + 5, end.y),
    label(end.x + 15, end.y + 4, name),
  ]);
}

const r = (value: number): number => Math.round(value * 100) / 100;

function describe(lines: readonly DistributionLine[]): string {
  return lines
    .map(({ name, durationsUs }) => {
      const parts = TICKS.filter(([p]) => isShowable(durationsUs.length, p)).map(
        ([p, text]) => `${text} within ${compact(quantile(durationsUs, p) / 1_000)} ms`,
      );
      return `${name}: ${parts.join(", ")}.`;
    })
    .join(" ");
}
