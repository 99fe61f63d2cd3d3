/** Polls that wait on one topic at once. */
export const WAITERS_MAX = 1_000;
