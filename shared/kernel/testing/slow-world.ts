/**
 * @module
 * A world for attempts, whose clock moves only when somebody sleeps or a store takes its time.
 */
import type { Attempts } from "../attempts.ts";
import { deadlineAfter } from "../deadline.ts";
import { type Outcome, UpstreamError, type UpstreamFault } from "../errors.ts";

export const START_MS = 1_000_000;
export const DEADLINE_MS = 2_000;

export function slowWorld(
  options: { readonly deadlineMs?: number; readonly random?: number } = {},
) {
  let nowMs = START_MS;
  const slept: number[] = [];
  const clock = () => nowMs;
  const pass = (ms: number) => {
    nowMs += ms;
  };
  const attempts: Attempts = {
    clock,
    deadline: deadlineAfter(clock, options.deadlineMs ?? DEADLINE_MS),
    random: () => options.random ?? 0.5,
    sleep: async (ms) => {
      slept.push(ms);
      pass(ms);
    },
  };
  return { attempts, clock, pass, slept };
}

export function failure(fault: UpstreamFault, outcome: Outcome, storeCode?: string): UpstreamError {
  const code = storeCode === undefined ? {} : { storeCode };
  return new UpstreamError({ dependency: "redis", fault, outcome, ...code });
}

/** The UpstreamError that the work rejects with. */
export async function thrownBy(work: Promise<unknown>): Promise<UpstreamError> {
  const error = await work.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  if (error instanceof UpstreamError) return error;
  throw new Error("expected an UpstreamError");
}
