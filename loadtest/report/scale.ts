/**
 * @module
 * From values to places. A scale is a function with the ticks that belong to it.
 */

export interface Scale {
  at(value: number): number;
  readonly ticks: readonly number[];
}

export interface Span {
  readonly from: number;
  readonly to: number;
}

const TICKS = 5;

/** From 0 to a round number at or above `highest`; `highest` must be finite. */
export function linearScale(highest: number, { from, to }: Span): Scale {
  const step = roundStep((highest > 0 ? highest : 1) / TICKS);
  const count = Math.max(1, Math.ceil((highest > 0 ? highest : 1) / step - 1e-9));
  const top = count * step;
  return {
    at: (value) => from + (value / top) * (to - from),
    ticks: Array.from({ length: count + 1 }, (_, place) => Number((place * step).toPrecision(12))),
  };
}

/** The next of 1, 2, 2.5, 5, 10 times a power of ten. */
function roundStep(raw: number): number {
  const power = 10 ** Math.floor(Math.log10(raw));
  const factor =
    [1, 2, 2.5, 5, 10].find((candidate) => candidate * power >= raw * (1 - 1e-9)) ?? 10;
  return factor * power;
}

/** Logarithmic between two positive values, with ticks at 1, 2 and 5 times powers of ten. */
export function logScale(lowest: number, highest: number, { from, to }: Span): Scale {
  const low = Math.max(1e-6, lowest);
  const high = Math.max(low * 2, highest);
  const ticks: number[] = [];
  for (let power = Math.floor(Math.log10(low)); power <= Math.ceil(Math.log10(high)); power += 1) {
    for (const factor of [1, 2, 5]) {
      const tick = Number((factor * 10 ** power).toPrecision(6));
      if (tick >= low * 0.999 && tick <= high * 1.001) ticks.push(tick);
    }
  }
  const range = Math.log(high / low);
  return {
    at: (value) => from + (Math.log(Math.max(low, value) / low) / range) * (to - from),
    ticks,
  };
}
