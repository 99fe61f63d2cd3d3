/**
 * @module
 * What the pattern asks of the object that wakes waiting polls. Nothing of it is needed for a message to be
 * delivered; it only makes that happen at once instead of at the end of somebody's wait.
 */
export interface Waiter {
  readonly topic: string;
  readonly group: string;
  /** Of one wait. */
  readonly waiter: string;
}

/** What a waiting poll is to do: look, give up, or begin anew because the object has forgotten it. */
export type Wake = "look" | "over" | "unknown";

export interface Monitor {
  /** Looks after the topic's consumers and old messages from now on. */
  watch(topic: string): Promise<void>;
  /** Messages were appended to the topic: one waiter of each group looks. */
  appended(topic: string): Promise<void>;
  /** Messages of a group may be claimed in `dueInMs`: then one of its waiters looks. */
  due(topic: string, group: string, dueInMs: number): Promise<void>;
  /** Whatever is appended from now on wakes this waiter, or another one of its group. */
  register(waiter: Waiter): Promise<"registered" | "too_many_waiters">;
  /**
   * Waits until there may be something, or `waitMs` have passed.
   *
   * @param dueInMs when the next message can be claimed, as the waiter's look found; null for never
   */
  next(waiter: Waiter, waitMs: number, dueInMs: number | null): Promise<Wake>;
  /** The waiter waits no longer. With `hasMore` another one of its group looks. */
  done(waiter: Waiter, hasMore: boolean): Promise<void>;
}
