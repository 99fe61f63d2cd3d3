import type { Cases } from "./case.ts";
import type { Outcome, Row } from "./measure.ts";

/** Markdown: a table a group, a row a method. */
export function sdkTables(
  groups: Readonly<Record<string, Cases>>,
  rows: readonly Row[],
): readonly string[] {
  const byName = new Map(rows.map((row) => [row.name, row]));
  return Object.entries(groups).flatMap(([title, cases]) => {
    const measured = Object.keys(cases).flatMap((name) => byName.get(name) ?? []);
    const head = ["method", "alone", "auto-pipelined", "pipeline", "transaction", ""];
    return ["", `### ${title}`, "", ...table([head, ...measured.map(cells)])];
  });
}

export function ratelimitTable(
  outcomes: readonly (readonly [string, Outcome])[],
): readonly string[] {
  return table([["promise", ""], ...outcomes.map(([name, outcome]) => [name, word(outcome)])]);
}

/** Columns as wide as their widest cell, which is how the formatter leaves them. */
function table(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(3, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const line = (row: readonly string[], filler: string) =>
    `| ${widths.map((width, column) => (row[column] ?? "").padEnd(width, filler)).join(" | ")} |`;
  const [head = [], ...body] = rows;
  return [line(head, " "), line([], "-"), ...body.map((row) => line(row, " "))];
}

function cells({ name, since, alone, autoPipelined, pipeline, transaction }: Row): string[] {
  const words = [alone, autoPipelined, pipeline, transaction].map(word);
  return [`\`${name}\``, ...words, remark(since, alone)];
}

function word(outcome: Outcome): string {
  switch (outcome.kind) {
    case "works":
      return "works";
    case "none":
      return "–";
    case "refused":
      return "no";
    case "wrong":
      return `WRONG: \`${outcome.detail}\``;
  }
}

function remark(since: string | null, alone: Outcome): string {
  if (alone.kind !== "refused") return "";
  const error = `\`${alone.error.replaceAll("|", "\\|")}\``;
  if (since === null) return error;
  if (since === "TCP") return `not over REST: ${error}`;
  return `not in Redis 7.0, but ${since === "Upstash" ? "at Upstash" : `in ${since}`}: ${error}`;
}
