import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Run } from "../run-file/schema.ts";
import { BASELINE_FILE, writeRun } from "../run-file/store.ts";
import { report } from "./page.ts";

export const REPORT_FILE = "report.html";
const CHARTS_DIR = "charts";

/**
 * Writes the page and the charts into the run's folder, and keeps a copy of the baseline there, so that
 * the page can be rebuilt from the folder alone.
 */
export function writeReport(folder: string, run: Run, baseline: Run | null): void {
  const { html, svgs } = report(run, baseline);
  const charts = join(folder, CHARTS_DIR);
  rmSync(charts, { recursive: true, force: true });
  mkdirSync(charts, { recursive: true });
  if (baseline !== null) writeRun(join(folder, BASELINE_FILE), baseline);
  writeFileSync(join(folder, REPORT_FILE), html);
  for (const [name, svg] of svgs) writeFileSync(join(charts, name), svg);
}
