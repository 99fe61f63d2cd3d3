import type { Guide, Recommendation } from "../../guide/guide.ts";
import { estimateText } from "../../guide/text.ts";
import type { PatternSummary } from "../../statistics/run-summary.ts";
import { fixed, whole } from "../format.ts";
import { element, type Markup } from "../markup.ts";
import { list, paragraph, section, table } from "./table.ts";

/** The selection guide, or why there is none. */
export function guideSection(guide: Guide | null, patterns: readonly PatternSummary[]): Markup {
  if (guide === null) {
    return section("guide", "Selection guide", paragraph("None: the run is invalid."));
  }
  const titles = new Map(
    patterns.map(({ pattern }): [string, string] => [pattern.id, pattern.title]),
  );
  const title = (id: string) => titles.get(id) ?? id;
  return section(
    "guide",
    "Selection guide",
    paragraph(
      "Computed from this run and from nothing else. Numbers in brackets are 95 % intervals; where two of them overlap, the run cannot tell the patterns apart, and they share a rank.",
    ),
    table(
      "By need",
      [{ name: "Need" }, { name: "Recommended" }, { name: "Judged by" }, { name: "Ranking" }],
      guide.recommendations.map((one) => needRow(one, title)),
    ),
    table(
      "By reliability",
      [
        { name: "Pattern" },
        { name: "Rank", isNumber: true },
        { name: "Errors", isNumber: true },
        { name: "Requests", isNumber: true },
        { name: "Violations", isNumber: true },
        { name: "Checks", isNumber: true },
        { name: "Not ruled out, at most", isNumber: true },
      ],
      guide.reliability.map((one) => [
        title(one.id),
        `${one.rank}${one.tiedWith.length > 0 ? " (tie)" : ""}`,
        whole(one.errors),
        whole(one.requests),
        whole(one.violations),
        whole(one.checked),
        `${fixed(one.atMostPercent, 4)} %`,
      ]),
    ),
    element("h3", {}, "To avoid"),
    guide.avoid.length === 0
      ? paragraph("Nothing that was measured broke down at any load.")
      : list(
          guide.avoid.map(
            ({ pattern, requests, reason }) =>
              `${title(pattern)} at ${whole(requests)} requests: ${reason}.`,
          ),
        ),
  );
}

function needRow({ useCase, ranking, recommended }: Recommendation, title: (id: string) => string) {
  if (recommended.length === 0) {
    return [
      useCase.title,
      "this run cannot say",
      useCase.measure,
      "needs more requests or more loads",
    ];
  }
  const names = recommended.map(title).join(" or ");
  return [
    useCase.title,
    element("b", {}, recommended.length > 1 ? `${names} (tie)` : names),
    useCase.measure,
    element(
      "ol",
      { class: "ranking" },
      ...ranking.map(({ id, rank, estimate }) =>
        element("li", { value: rank }, `${title(id)}: ${estimateText(estimate, useCase)}`),
      ),
    ),
  ];
}
