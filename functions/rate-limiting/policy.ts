/**
 * @module
 * A policy, what it can ever let pass, and the text it is stored as:
 *
 *     <revision> 1 gcra 100 60000 100 closed
 *
 * The number behind the revision is the version of this format; then algorithm, limit, windowMs, burst and
 * onError. Revisions of a tenant only rise, also over the deletion of a policy, so that of two policies of
 * one name everybody knows which is the newer.
 */
import { MalformedReply } from "../../shared/redis/reply.ts";

export const ALGORITHMS = ["gcra", "fixed-window", "sliding-window", "token-bucket"] as const;
export const ON_ERROR = ["closed", "open"] as const;

export type Algorithm = (typeof ALGORITHMS)[number];
export type OnError = (typeof ON_ERROR)[number];

/** What keeps a level of `LIMIT_MAX` windows exact in a double: 10^6 times 31 days is below 2^53. */
export const LIMIT_MAX = 1_000_000;
export const WINDOW_MS_MAX = 31 * 24 * 60 * 60 * 1_000;

/** Algorithms that have a burst of their own; the others let pass their limit at once. */
const WITH_BURST: ReadonlySet<Algorithm> = new Set(["gcra", "token-bucket"]);

/** What the caller decides. */
export interface PolicyDefinition {
  readonly algorithm: Algorithm;
  /** Units per window, 1 to `LIMIT_MAX`. */
  readonly limit: number;
  /** 1 to `WINDOW_MS_MAX`. */
  readonly windowMs: number;
  /** Units that may pass at one instant, 1 to `LIMIT_MAX`. Equals the limit where the algorithm has none. */
  readonly burst: number;
  /** What a caller is told while the store does not answer. */
  readonly onError: OnError;
}

export interface Policy extends PolicyDefinition {
  readonly name: string;
  readonly revision: number;
}

export function hasBurst(algorithm: Algorithm): boolean {
  return WITH_BURST.has(algorithm);
}

/** Whether `algorithm` is judged by our own script: exact, on the store's clock, and jointly with others. */
export function isGcra({ algorithm }: Pick<PolicyDefinition, "algorithm">): boolean {
  return algorithm === "gcra";
}

/** The dearest check that can ever pass. */
export function costMax({ burst }: Pick<PolicyDefinition, "burst">): number {
  return burst;
}

/**
 * What the state of a policy hangs on besides its name. A policy can change in all that is not in here: with
 * another algorithm, or with other windows to count in, every key would start afresh beside its old count; and
 * a bucket keeps what it holds, which may be more than a smaller burst.
 */
export function continuityOf({ algorithm, windowMs, burst }: PolicyDefinition): string {
  if (algorithm === "gcra") return algorithm;
  return algorithm === "token-bucket"
    ? `${algorithm}/${windowMs}/${burst}`
    : `${algorithm}/${windowMs}`;
}

const FORMAT = "1";

export function definitionText(definition: PolicyDefinition): string {
  const { algorithm, limit, windowMs, burst, onError } = definition;
  return [FORMAT, algorithm, limit, windowMs, burst, onError].join(" ");
}

/** @throws MalformedReply when the text is not of this format */
export function parsePolicy(name: string, text: string): Policy {
  const [revision, format, algorithm, limit, windowMs, burst, onError] = text.split(" ");
  if (format !== FORMAT) throw new MalformedReply();
  return {
    name,
    revision: wholeNumber(revision),
    algorithm: oneOf(ALGORITHMS, algorithm),
    limit: wholeNumber(limit),
    windowMs: wholeNumber(windowMs),
    burst: wholeNumber(burst),
    onError: oneOf(ON_ERROR, onError),
  };
}

function wholeNumber(text: string | undefined): number {
  const number = Number(text);
  if (!Number.isSafeInteger(number) || number < 1) throw new MalformedReply();
  return number;
}

function oneOf<Value extends string>(values: readonly Value[], text: string | undefined): Value {
  const found = values.find((value) => value === text);
  if (found === undefined) throw new MalformedReply();
  return found;
}
