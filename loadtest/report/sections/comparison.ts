import { type Compared, type Comparison, NOISE_FLOOR } from "../../statistics/compare.ts";
import type { PatternSummary } from "../../statistics/run-summary.ts";
import { fixed, percent } from "../format.ts";
import { element, type Markup } from "../markup.ts";
import { list, paragraph, section, table } from "./table.ts";

const METRICS: Readonly<Record<Compared["metric"], string>> = {
  throughput: "Throughput",
  mean: "Mean response time",
  p95: "P95",
};

export function comparisonSection(
  comparison: Comparison,
  patterns: readonly PatternSummary[],
): Markup {
  const titles = new Map(
    patterns.map(({ pattern }): [string, string] => [pattern.id, pattern.title]),
  );
  return section(
    "comparison",
    `Against run ${comparison.baselineId}`,
    paragraph(
      `This run divided by that one, with the 95 % interval. A difference is named only where chance would give it in less than one of a thousand comparisons and the ratio is more than ${percent(NOISE_FLOOR)} away from 1; less is what the same code shows from run to run.`,
    ),
    comparison.caveats.length === 0 ? null : list(comparison.caveats),
    table(
      "Ratios",
      [
        { name: "Pattern" },
        { name: "Load" },
        { name: "Number" },
        { name: "Ratio", isNumber: true },
        { name: "Difference" },
      ],
      comparison.rows.map(({ pattern, tier, metric, ratio, difference }) => [
        titles.get(pattern) ?? pattern,
        tier,
        METRICS[metric],
        `${fixed(ratio.value, 2)} (${fixed(ratio.low, 2)} to ${fixed(ratio.high, 2)})`,
        difference === "none" ? "none shown" : element("b", { class: difference }, difference),
      ]),
    ),
  );
}
