import type { Guide, Recommendation } from "../../guide/guide.ts";
import type { PatternSummary } from "../../statistics/run-summary.ts";
import { fixed, whole } from "../format.ts";
import { type Child, element, join, type Markup } from "../markup.ts";
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
      [{ name: "Need" }, { name: "Recommended" }, { name: "Judged by" }],
      guide.recommendations.map((one) => needRow(one, title)),
    ),
    rankTable(guide, patterns),
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

function needRow({ useCase, ranking }: Recommendation, title: (id: string) => string): Child[] {
  const best = ranking.filter((one) => one.rank === 1);
  const [only] = best;
  if (only === undefined) {
    return [
      useCase.title,
      "this run cannot say: it needs more requests or more loads",
      useCase.measure,
    ];
  }
  const names = best.map(({ id }) => title(id)).join(", ");
  return [
    useCase.title,
    element("b", {}, best.length === 1 ? title(only.id) : `a tie of ${best.length}: ${names}`),
    useCase.measure,
  ];
}

/** Every pattern's rank for every need, with the number and its interval. */
function rankTable({ recommendations }: Guide, patterns: readonly PatternSummary[]): Markup {
  return table(
    "Ranks, each with the number it is made of and its 95 % interval; a dash where a pattern was no candidate",
    [
      { name: "Pattern" },
      ...recommendations.map(({ useCase }) => ({
        name: `${useCase.title}, ${useCase.unit}`,
        isNumber: true,
      })),
    ],
    patterns.map(({ pattern }) => [
      pattern.title,
      ...recommendations.map(({ ranking, useCase }): Child => {
        const found = ranking.find((one) => one.id === pattern.id);
        if (found === undefined) return "-";
        const { value, low, high } = found.estimate;
        const text = (number: number) => (useCase.unit === "ms" ? fixed(number, 2) : whole(number));
        return join([
          `${found.rank}. `,
          element("b", {}, text(value)),
          element("small", {}, `${text(low)} to ${text(high)}`),
        ]);
      }),
    ]),
  );
}
