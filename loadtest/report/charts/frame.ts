/**
 * @module
 * What all charts share: the frame with its title and description, axes, legend, whiskers, and labels
 * that do not lie on each other.
 */
import { compact } from "../format.ts";
import { type Child, element, join, type Markup } from "../markup.ts";
import type { Scale } from "../scale.ts";

export const WIDTH = 760;
/** Room above the plot for the title, its note and the legend. */
export const HEAD = 66;
/** Room for the names of the patterns. */
export const NAMES = 168;

export interface Chart {
  /** File name of the chart, and prefix of the ids in it. */
  readonly id: string;
  readonly title: string;
  readonly svg: Markup;
}

export interface FrameOptions {
  readonly id: string;
  readonly title: string;
  /** What is drawn and in what unit. */
  readonly note: string;
  /** The chart in words, for those who do not see it. */
  readonly description: string;
  readonly height: number;
}

export function frame(options: FrameOptions, ...content: Child[]): Chart {
  const { id, title, note, description, height } = options;
  const svg = element(
    "svg",
    {
      xmlns: "http://www.w3.org/2000/svg",
      class: "chart",
      viewBox: `0 0 ${WIDTH} ${Math.ceil(height)}`,
      role: "img",
      "aria-labelledby": `${id}-title ${id}-desc`,
    },
    element("title", { id: `${id}-title` }, title),
    element("desc", { id: `${id}-desc` }, description),
    label(0, 16, title, "title"),
    label(0, 34, note, "note"),
    ...content,
  );
  return { id, title, svg };
}

export function label(
  x: number,
  y: number,
  content: string,
  className = "label",
  anchor?: "middle" | "end",
): Markup {
  return element("text", { x, y, class: className, "text-anchor": anchor }, content);
}

export interface LegendEntry {
  readonly name: string;
  readonly className: string;
}

/** Entries side by side below the note. */
export function legend(entries: readonly LegendEntry[], y = 52): Markup {
  let x = 0;
  return join(
    entries.flatMap(({ name, className }) => {
      const at = x;
      x += 28 + name.length * 6.6;
      return [
        element("rect", { x: at, y: y - 9, width: 10, height: 10, rx: 2, class: className }),
        label(at + 15, y, name, "tick"),
      ];
    }),
  );
}

/** Vertical grid lines with their values below. */
export function bottomAxis(scale: Scale, top: number, bottom: number, unit: string): Markup {
  return join([
    ...scale.ticks.flatMap((tick) => [
      element("line", {
        x1: scale.at(tick),
        x2: scale.at(tick),
        y1: top,
        y2: bottom,
        class: "grid",
      }),
      label(scale.at(tick), bottom + 15, compact(tick), "tick", "middle"),
    ]),
    label(scale.at(scale.ticks.at(-1) ?? 0), bottom + 30, unit, "tick", "end"),
  ]);
}

/** Horizontal grid lines with their values at the left. */
export function leftAxis(scale: Scale, left: number, right: number, unit: string): Markup {
  const top = Math.min(...scale.ticks.map((tick) => scale.at(tick)));
  return join([
    ...scale.ticks.flatMap((tick) => [
      element("line", {
        x1: left,
        x2: right,
        y1: scale.at(tick),
        y2: scale.at(tick),
        class: "grid",
      }),
      label(left - 8, scale.at(tick) + 4, compact(tick), "tick", "end"),
    ]),
    label(left - 8, top - 12, unit, "tick", "end"),
  ]);
}

/** Spreads places so that neighbours are at least `gap` apart, moving each as little as needed. */
export function spread(
  places: readonly number[],
  gap: number,
  span: { from: number; to: number },
): number[] {
  const order = places.map((place, index) => ({ place, index })).sort((a, b) => a.place - b.place);
  let next = span.from;
  for (const entry of order) {
    entry.place = Math.max(entry.place, next);
    next = entry.place + gap;
  }
  let limit = span.to;
  for (const entry of order.reverse()) {
    entry.place = Math.min(entry.place, limit);
    limit = entry.place - gap;
  }
  const result: number[] = [];
  for (const { place, index } of order) result[index] = place;
  return result;
}
