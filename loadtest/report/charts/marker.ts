/** @module Five shapes, filled and hollow: each of ten series has a mark of its own besides its colour. */
import { element, type Markup } from "../markup.ts";
import { seriesClass } from "../theme.ts";

const SIZE = 4.2;

const SHAPES: readonly ((x: number, y: number) => string)[] = [
  (x, y) =>
    `M${x - SIZE} ${y}a${SIZE} ${SIZE} 0 1 0 ${2 * SIZE} 0a${SIZE} ${SIZE} 0 1 0 ${-2 * SIZE} 0z`,
  (x, y) => `M${x - SIZE} ${y - SIZE}h${2 * SIZE}v${2 * SIZE}h${-2 * SIZE}z`,
  (x, y) => `M${x} ${y - SIZE - 1}L${x + SIZE + 1} ${y + SIZE}H${x - SIZE - 1}z`,
  (x, y) =>
    `M${x} ${y - SIZE - 1.5}L${x + SIZE + 1.5} ${y}L${x} ${y + SIZE + 1.5}L${x - SIZE - 1.5} ${y}z`,
  (x, y) => `M${x} ${y + SIZE + 1}L${x + SIZE + 1} ${y - SIZE}H${x - SIZE - 1}z`,
];

export function marker(series: number, x: number, y: number): Markup {
  const shape = SHAPES[series % SHAPES.length];
  const isHollow = series % (2 * SHAPES.length) >= SHAPES.length;
  const round = (value: number) => Math.round(value * 100) / 100;
  return element("path", {
    d: shape?.(round(x), round(y)).replace(/\d+\.\d{3,}/g, (long) => String(round(Number(long)))),
    class: seriesClass(series),
    style: isHollow ? "fill:var(--paper)" : undefined,
    "stroke-width": 1.5,
  });
}
