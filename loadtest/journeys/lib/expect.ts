/**
 * @module
 * Small judgements that all journeys share. Each returns `null` when the answer is as it must be, or a
 * sentence that begins with a code the report counts by.
 */
import type { Reply } from "./client.ts";

/** A refusal is named by the service's own error code (`problem+json`), so the report can count it. */
export function wrongStatus(reply: Reply, expected: readonly number[]): string | null {
  if (expected.includes(reply.status)) return null;
  if (reply.status === 0) return `no_reply: ${reply.errorCode}`;
  const problem = reply.json();
  const code = isObject(problem) && typeof problem["code"] === "string" ? problem["code"] : null;
  return `${code ?? `status_${reply.status}`}: status ${reply.status} instead of ${expected.join(" or ")}`;
}

export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Throws in `setup`, where going on would only produce noise. */
export function require(reply: Reply | undefined, expected: readonly number[], what: string): void {
  if (reply === undefined) throw new Error(`${what}: nothing was sent`);
  const wrong = wrongStatus(reply, expected);
  if (wrong !== null) throw new Error(`${what}: ${wrong}. ${reply.text.slice(0, 300)}`);
}
