/**
 * @module
 * The report as one HTML page: no script, no request, readable from top to bottom.
 */
import { selectionGuide } from "../guide/guide.ts";
import type { Run } from "../run-file/schema.ts";
import { compareRuns } from "../statistics/compare.ts";
import { type PatternSummary, summarizeRun } from "../statistics/run-summary.ts";
import { type ReportCharts, reportCharts } from "./charts/all-charts.ts";
import type { Chart } from "./charts/frame.ts";
import { element, join, type Markup, trusted } from "./markup.ts";
import { pageCss } from "./page-css.ts";
import { comparisonSection } from "./sections/comparison.ts";
import { fingerprintSection } from "./sections/fingerprint.ts";
import { guideSection } from "./sections/guide.ts";
import {
  articleSection,
  errorsSection,
  numbersSection,
  storesSection,
} from "./sections/numbers.ts";
import { section } from "./sections/table.ts";
import { verdictSection, verificationSection } from "./sections/verdict.ts";
import { chartCss, themeCss } from "./theme.ts";

export interface Report {
  readonly html: string;
  /** The charts as files of their own, by file name. */
  readonly svgs: ReadonlyMap<string, string>;
}

/** Pure: the same run and baseline give the same bytes. */
export function report(run: Run, baseline: Run | null): Report {
  const patterns = summarizeRun(run);
  const charts = reportCharts(patterns);
  const body = pageBody(run, baseline, patterns, charts);
  const page = element(
    "html",
    { lang: "en" },
    element(
      "head",
      {},
      element("meta", { charset: "utf-8" }),
      element("meta", { name: "viewport", content: "width=device-width, initial-scale=1" }),
      element("title", {}, `Load lab: run ${run.id}`),
      element("style", {}, trusted(themeCss(":root") + chartCss + pageCss)),
    ),
    element("body", {}, body),
  );
  const svgs = [...charts.main, ...charts.more].map((chart): [string, string] => [
    `${chart.id}.svg`,
    standalone(chart),
  ]);
  return { html: `<!doctype html>\n${page.markup}\n`, svgs: new Map(svgs) };
}

function pageBody(
  run: Run,
  baseline: Run | null,
  patterns: readonly PatternSummary[],
  charts: ReportCharts,
): Markup {
  return element(
    "main",
    {},
    element("h1", {}, "Key-value patterns under load"),
    element("p", { class: "lead" }, lead(run, patterns)),
    verdictSection(run, patterns),
    section("charts", "The seven charts", figures(charts.main)),
    guideSection(selectionGuide(run, patterns), patterns),
    section("more-charts", "What averages hide", figures(charts.more)),
    baseline === null ? null : comparisonSection(compareRuns(run, baseline), patterns),
    verificationSection(patterns),
    errorsSection(patterns),
    storesSection(patterns),
    numbersSection(patterns),
    articleSection(patterns),
    fingerprintSection(run),
  );
}

function lead(run: Run, patterns: readonly PatternSummary[]): string {
  const loads = [...new Set(patterns.flatMap(({ tiers }) => tiers.map((tier) => tier.requests)))];
  const names = loads.toSorted((a, b) => a - b).map((load) => load.toLocaleString("en-US"));
  return `${patterns.length} patterns, ${names.join(", ")} requests each, against ${where(run.target)}, ${run.startedAt.slice(0, 10)}.`;
}

const where = ({ kind, name }: Run["target"]): string =>
  kind === "remote" ? name : `${name === "local stack" ? "the local stack" : name} on this machine`;

const figures = (charts: readonly Chart[]): Markup =>
  join(charts.map(({ svg }) => element("figure", {}, svg)));

/** A chart in its own file brings the colours and lettering that the page would give it. */
function standalone({ svg }: Chart): string {
  const style = element("style", {}, trusted(themeCss("svg.chart") + chartCss)).markup;
  const firstChild = svg.markup.indexOf(">") + 1;
  return `${svg.markup.slice(0, firstChild)}${style}${svg.markup.slice(firstChild)}\n`;
}
