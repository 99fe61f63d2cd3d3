/**
 * @module
 * Wakes the polls that wait for a topic. The class is a shell around `wait-room.ts`; nothing in it is needed
 * for a message to be delivered, and all of it may be lost: who waits is then told that it is not known here.
 */
import { DurableObject } from "cloudflare:workers";
import { WaitRoom, type Wake } from "./wait-room.ts";

export class StreamMonitor extends DurableObject<Env> {
  readonly #room = new WaitRoom({
    clock: () => Date.now(),
    after(ms, work) {
      const timer = setTimeout(work, ms);
      return { cancel: () => clearTimeout(timer) };
    },
  });

  /** Whatever is appended after this call wakes the waiter, or another one of its group. */
  async register(group: string, waiter: string): Promise<"registered" | "too_many_waiters"> {
    return this.#room.register(group, waiter);
  }

  /** Answers when the waiter is to look, or after `waitMs`; `unknown` when it must register anew. */
  async next(group: string, waiter: string, waitMs: number, dueInMs: number | null): Promise<Wake> {
    return await this.#room.next(group, waiter, waitMs, dueInMs);
  }

  async done(group: string, waiter: string, hasMore: boolean): Promise<void> {
    this.#room.done(group, waiter, hasMore);
  }

  /** Messages were appended to the topic. */
  async appended(): Promise<void> {
    this.#room.stirAll();
  }

  /** Messages of the group may be claimed in `dueInMs`. */
  async due(group: string, dueInMs: number): Promise<void> {
    if (dueInMs <= 0) this.#room.stir(group);
    else this.#room.due(group, dueInMs);
  }
}
