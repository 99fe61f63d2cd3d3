import type { ConsistencyLevel } from "../../protocol/journey-meta.ts";
import type { Run } from "../../run-file/schema.ts";
import type { PatternSummary } from "../../statistics/run-summary.ts";
import { percent, whole } from "../format.ts";
import { element, type Markup } from "../markup.ts";
import { list, paragraph, section, table } from "./table.ts";

/** The first thing to read: may these numbers be believed, and why. */
export function verdictSection(run: Run, patterns: readonly PatternSummary[]): Markup {
  const { valid, reasons } = run.verdict;
  const requests = sum(patterns.flatMap((one) => one.tiers.map((tier) => tier.summary.count)));
  const checks = sum(
    run.measurements.flatMap((one) => one.findings.map((finding) => finding.checked)),
  );
  return element(
    "section",
    { id: "verdict", class: valid ? "verdict valid" : "verdict invalid" },
    element("h2", {}, valid ? "Valid run" : "Invalid run"),
    valid
      ? paragraph(
          `${whole(requests)} requests, every answer checked: 0 errors, 0 wrong answers. ${whole(checks)} checks of the end states and histories: 0 violations. The generator was never the bottleneck.`,
        )
      : paragraph("These numbers mean nothing; no ranking is made of them. Why:"),
    valid ? null : list(reasons),
  );
}

const CONSISTENCY_TEXT: Readonly<Record<ConsistencyLevel, string>> = {
  linearizable: "of each key all callers see the last acknowledged write, in one order",
  fresh: "never older than the last write acknowledged before they began",
  session: "a caller sees its own writes and never goes back",
  eventual: "copies agree some time after the last write",
};

/** What each load verified, and how far the generator was from its limits. */
export function verificationSection(patterns: readonly PatternSummary[]): Markup {
  return section(
    "verification",
    "What was verified",
    ...patterns.map(({ pattern }) =>
      paragraph(
        element("b", {}, pattern.title),
        `: ${pattern.workload}. Verified: ${pattern.verifies}. Reads are ${pattern.consistency}: ${CONSISTENCY_TEXT[pattern.consistency]}.`,
      ),
    ),
    table(
      "Verification and generator, by load",
      [
        { name: "Pattern" },
        { name: "Requests", isNumber: true },
        { name: "Right answers", isNumber: true },
        { name: "End-state and history checks", isNumber: true },
        { name: "Violations", isNumber: true },
        { name: "k6 used of its CPUs", isNumber: true },
        { name: "Warm-up before", isNumber: true },
        { name: "Verdict" },
      ],
      patterns.flatMap(({ pattern, tiers }) =>
        tiers.map(({ requests, summary, measurement }) => [
          pattern.title,
          whole(requests),
          whole(summary.count - summary.errors),
          whole(sum(measurement.findings.map((finding) => finding.checked))),
          whole(sum(measurement.findings.map((finding) => finding.violations.length))),
          summary.generatorShare === null ? "not sampled" : percent(summary.generatorShare),
          whole(measurement.warmupRequests),
          measurement.verdict.valid ? "valid" : "invalid",
        ]),
      ),
    ),
  );
}

const sum = (values: readonly number[]): number =>
  values.reduce((total, value) => total + value, 0);
