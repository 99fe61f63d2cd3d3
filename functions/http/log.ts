/**
 * @module
 * The one line that a failure leaves in the log: what failed, where, and under which request id.
 *
 * Invariant: nothing a caller sent or a store holds gets here. Of an error only its class and place are
 * written, because its text may hold a value and its stack begins with its text.
 */
import { UpstreamError } from "../../shared/kernel/errors.ts";

export interface Failure {
  readonly requestId: string;
  readonly operation: string;
  /** The problem's code, or the reason a job failed. */
  readonly code: string;
  readonly status?: number;
  readonly error?: unknown;
}

export interface FailureLine {
  readonly level: "error";
  readonly requestId: string;
  readonly operation: string;
  readonly code: string;
  readonly status?: number;
  readonly dependency?: string;
  readonly fault?: string;
  readonly storeCode?: string;
  /** Class of an unexpected error, and the place in the bundle that raised it. */
  readonly error?: string;
  readonly at?: string;
}

export function logFailure(failure: Failure): void {
  console.error(JSON.stringify(failureLine(failure)));
}

export function failureLine({ requestId, operation, code, status, error }: Failure): FailureLine {
  return {
    level: "error",
    requestId,
    operation,
    code,
    ...(status === undefined ? {} : { status }),
    ...(error instanceof UpstreamError ? upstreamPart(error) : unexpectedPart(error)),
  };
}

function upstreamPart({ dependency, fault, storeCode }: UpstreamError) {
  return { dependency, fault, ...(storeCode === null ? {} : { storeCode }) };
}

const CLASS_NAME = /^[A-Za-z]{1,40}$/;
const PLACE = /([\w.-]{1,60}\.(?:js|ts|mjs):\d{1,9}:\d{1,9})\)?$/;

function unexpectedPart(error: unknown): { readonly error?: string; readonly at?: string } {
  if (!(error instanceof Error)) return {};
  const name = CLASS_NAME.test(error.name) ? error.name : "Error";
  const at = placeOf(error);
  return { error: name, ...(at === null ? {} : { at }) };
}

/** `file:line:column` of the innermost frame; the text before the frames is skipped, it may look like one. */
function placeOf({ stack = "", name, message }: Error): string | null {
  const head = message === "" ? name : `${name}: ${message}`;
  if (!stack.startsWith(head)) return null;
  const frames = stack.slice(head.length).split("\n");
  const frame = frames.find((line) => line.startsWith("    at "));
  return (frame !== undefined && PLACE.exec(frame)?.[1]) || null;
}
