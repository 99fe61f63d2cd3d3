/** Numbers for people; the same on every machine, so that a rebuilt report has the same bytes. */

const grouped = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });

export const whole = (value: number): string => grouped.format(value);

/** As many digits as a reader can use: three that matter. */
export function compact(value: number): string {
  const size = Math.abs(value);
  if (size === 0) return "0";
  if (size >= 100) return whole(value);
  if (size >= 10) return trimmed(value, 1);
  if (size >= 0.1) return trimmed(value, 2);
  return trimmed(value, 3);
}

const trimmed = (value: number, digits: number): string =>
  value.toFixed(digits).replace(/\.?0+$/, "");

export const fixed = (value: number, digits: number): string => value.toFixed(digits);

export const percent = (part: number, digits = 0): string => `${(part * 100).toFixed(digits)} %`;
