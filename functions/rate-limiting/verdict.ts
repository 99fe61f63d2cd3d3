/** What one check came to. */
export interface Verdict {
  readonly allowed: boolean;
  /** Units per window. */
  readonly limit: number;
  /** Units that would pass now. */
  readonly remaining: number;
  /** Until everything that was used has come back, if nothing more is used; the end of the window with the SDK's algorithms. */
  readonly resetMs: number;
  /** Until the same check would pass, if nothing else passes before; 0 when it has passed. The SDK's know the window's end only. */
  readonly retryAfterMs: number;
}

/** A policy and what it came to, as headers and bodies are made of. */
export interface Judged {
  readonly policy: {
    readonly name: string;
    readonly limit: number;
    readonly windowMs: number;
    readonly burst: number;
  };
  readonly verdict: Verdict;
}

/** How long until all of them may pass together: until the last of those that did not. */
export function retryAfterMsOf(judged: readonly Judged[]): number {
  return judged.reduce((longest, { verdict }) => Math.max(longest, verdict.retryAfterMs), 0);
}
