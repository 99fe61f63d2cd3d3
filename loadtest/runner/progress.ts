/**
 * @module
 * One moving line on a terminal; elsewhere a line now and then.
 */

const PLAIN_INTERVAL_MS = 5_000;

export interface Progress {
  update(done: number, total: number): void;
  /** Ends the line. */
  end(): void;
}

export function progressLine(
  label: string,
  out: NodeJS.WriteStream = process.stderr,
  now: () => number = Date.now,
): Progress {
  const startMs = now();
  let saidMs = startMs;
  let firstMs: number | null = null;
  return {
    update(done, total) {
      if (done === 0) return;
      const atMs = now();
      firstMs ??= atMs;
      const rate = atMs === firstMs ? 0 : (done / (atMs - firstMs)) * 1_000;
      const pace = rate === 0 ? "" : `${count(rate)}/s`;
      const text = `  ${label}  ${count(done)}/${count(total)}  ${done === total ? "verifying" : pace}`;
      if (out.isTTY) {
        out.write(`\r${text.padEnd(60)}`);
      } else if (atMs - saidMs >= PLAIN_INTERVAL_MS) {
        saidMs = atMs;
        out.write(`${text}\n`);
      }
    },
    end() {
      if (out.isTTY) out.write(`\r${" ".repeat(60)}\r`);
    },
  };
}

const count = (value: number): string => Math.round(value).toLocaleString("en-US");
