/** Milliseconds since 1970 UTC. Handed in, so that every race can be replayed. */
export type Clock = () => number;

/** Uniform in [0, 1). Handed in, so that every run has a seed. */
export type Random = () => number;

/** Resolves after `ms` milliseconds. Handed in beside the clock. */
export type Sleep = (ms: number) => Promise<void>;

/** The platform's own timer. */
export const sleep: Sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
