/**
 * @module
 * The selection guide: which pattern for which need, from the numbers of one run and nothing else.
 *
 * 1. An invalid run has no guide.
 * 2. Whatever overlaps with the best is recommended beside it: the run cannot tell them apart.
 * 3. Exchanging the measurements of two patterns exchanges their places.
 */
import type { Run } from "../run-file/schema.ts";
import { proportion } from "../statistics/interval.ts";
import { heaviest, type PatternSummary, summarizeRun } from "../statistics/run-summary.ts";
import { type Avoid, patternsToAvoid } from "./avoid.ts";
import { type Ranked, rank } from "./ranking.ts";
import { USE_CASES, type UseCase } from "./use-cases.ts";

export interface Recommendation {
  readonly useCase: UseCase;
  readonly ranking: readonly Ranked[];
  /** Ids of all that share the first rank; empty when this run cannot say. */
  readonly recommended: readonly string[];
}

export interface Reliability {
  readonly id: string;
  readonly rank: number;
  readonly tiedWith: readonly string[];
  readonly requests: number;
  readonly errors: number;
  /** What the ends of the loads verified: single checks, and those that failed. */
  readonly checked: number;
  readonly violations: number;
  /** Error rate that the run cannot rule out, in percent. */
  readonly atMostPercent: number;
}

export interface Guide {
  readonly recommendations: readonly Recommendation[];
  readonly reliability: readonly Reliability[];
  readonly avoid: readonly Avoid[];
  /** The heaviest load that each pattern was measured at. */
  readonly loads: ReadonlyMap<string, number>;
}

/** `null` for an invalid run. */
export function selectionGuide(
  run: Run,
  patterns: readonly PatternSummary[] = summarizeRun(run),
): Guide | null {
  if (!run.verdict.valid) return null;
  return {
    recommendations: USE_CASES.map((useCase) => recommend(useCase, patterns)),
    reliability: reliability(patterns),
    avoid: patternsToAvoid(patterns),
    loads: new Map(patterns.map((one) => [one.pattern.id, heaviest(one).requests])),
  };
}

function recommend(useCase: UseCase, patterns: readonly PatternSummary[]): Recommendation {
  const eligible = useCase.eligible?.(patterns) ?? patterns;
  const candidates = eligible.flatMap((one) => {
    const estimate = useCase.estimate(one);
    return estimate === null ? [] : [{ id: one.pattern.id, estimate }];
  });
  const ranking = rank(candidates, useCase.better);
  const recommended = ranking.filter((one) => one.rank === 1).map((one) => one.id);
  return { useCase, ranking, recommended };
}

function reliability(patterns: readonly PatternSummary[]): Reliability[] {
  const facts = patterns.map(({ pattern, tiers }) => {
    const requests = sum(tiers.map((tier) => tier.summary.count));
    const errors = sum(tiers.map((tier) => tier.summary.errors));
    const findings = tiers.flatMap((tier) => tier.measurement.findings);
    const checked = sum(findings.map((finding) => finding.checked));
    const violations = sum(findings.map((finding) => finding.violations.length));
    const estimate = proportion(errors + violations, requests + checked);
    return { id: pattern.id, requests, errors, checked, violations, estimate };
  });
  return rank(facts, "lower").flatMap((ranked) => {
    const fact = facts.find((one) => one.id === ranked.id);
    if (fact === undefined) return [];
    const { id, requests, errors, checked, violations, estimate } = fact;
    const { rank: place, tiedWith } = ranked;
    const atMostPercent = estimate.high * 100;
    return [{ id, rank: place, tiedWith, requests, errors, checked, violations, atMostPercent }];
  });
}

const sum = (values: readonly number[]): number =>
  values.reduce((total, value) => total + value, 0);
