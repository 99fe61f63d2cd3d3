/** @module What the lab says on the console about one measurement. */
import type { Measurement } from "../run-file/schema.ts";
import { summarize } from "../statistics/summary.ts";

export function describeMeasurement(measurement: Measurement): string {
  const { pattern, tier, requestsExpected, verdict } = measurement;
  const summary = summarize(measurement, 1);
  const name = `${pattern}, ${tier} (${requestsExpected.toLocaleString("en-US")})`.padEnd(34);
  const numbers = [
    `${Math.round(summary.throughput.value).toLocaleString("en-US")} req/s`,
    `mean ${ms(summary.meanMs.value)}`,
    `P95 ${summary.p95Ms === null ? "-" : ms(summary.p95Ms.value)}`,
    `P99 ${summary.p99Ms === null ? "-" : ms(summary.p99Ms.value)}`,
    `errors ${summary.errors}`,
    verdict.valid ? "valid" : "INVALID",
  ];
  const reasons = verdict.reasons.map((reason) => `\n    ${reason}`).join("");
  return `  ${name} ${numbers.join("  ")}${reasons}`;
}

const ms = (value: number): string => `${value.toFixed(2)} ms`;
