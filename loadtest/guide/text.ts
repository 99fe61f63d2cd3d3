import type { Run } from "../run-file/schema.ts";
import type { Estimate } from "../statistics/interval.ts";
import { type Guide, type Recommendation, selectionGuide } from "./guide.ts";
import type { UseCase } from "./use-cases.ts";

/** The guide for a console; says why there is none. */
export function guideText(run: Run): string {
  const guide = selectionGuide(run);
  if (guide === null) return "No selection guide: the run is invalid.";
  return ["Selection guide (95 % intervals; overlapping ones are ties)", ...lines(guide)].join(
    "\n",
  );
}

function lines({ recommendations, reliability, avoid }: Guide): string[] {
  const needs = recommendations.map(
    (one) => `  ${one.useCase.title.padEnd(18)} ${recommendationText(one)}`,
  );
  const reliable = reliability.map(
    ({ id, rank, requests, errors, checked, violations }) =>
      `${rank}. ${id} (${errors} errors in ${count(requests)} requests, ${violations} violations in ${count(checked)} checks)`,
  );
  const bad = avoid.map(
    ({ pattern, requests, reason }) => `${pattern} at ${count(requests)}: ${reason}`,
  );
  return [
    ...needs,
    `  ${"Reliability".padEnd(18)} ${reliable.join("; ")}`,
    `  ${"Avoid".padEnd(18)} ${bad.length === 0 ? "nothing measured here" : bad.join("; ")}`,
  ];
}

function recommendationText({ useCase, ranking, recommended }: Recommendation): string {
  if (recommended.length === 0) return "this run cannot say (it needs more requests or more tiers)";
  const entries = ranking.map(
    ({ id, rank, estimate }) => `${rank}. ${id} ${estimateText(estimate, useCase)}`,
  );
  return entries.join("; ");
}

/** `3,120 req/s (3,050 to 3,190)` */
function estimateText({ value, low, high }: Estimate, { unit }: Pick<UseCase, "unit">): string {
  const digits = unit === "ms" ? 2 : 0;
  const text = (one: number) =>
    one.toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits });
  return `${text(value)} ${unit} (${text(low)} to ${text(high)})`;
}

const count = (value: number): string => value.toLocaleString("en-US");
