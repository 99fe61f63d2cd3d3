/**
 * @module
 * Requests and answers over one child's IPC channel: each request gets its answer, a timeout, or the news that
 * the child is gone.
 */
import type { ChildProcess } from "node:child_process";
import type { ChildAnswer, ChildMessage, SupervisorRequest } from "./child-protocol.ts";

const ANSWER_TIMEOUT_MS = 2000;
/** More than the control endpoint could ever have under way. */
const WAITING_MAX = 1000;

interface Waiting {
  readonly resolve: (answer: ChildAnswer) => void;
  readonly reject: (error: Error) => void;
  readonly timer: NodeJS.Timeout;
}

export class Conversation {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, Waiting>();
  #lastId = 0;

  constructor(child: ChildProcess) {
    this.#child = child;
    child.on("message", (message: ChildMessage) => {
      if (message.type === "ready" || message.type === "failed") return;
      this.#take(message.id)?.resolve(message);
    });
  }

  ask<Type extends SupervisorRequest["type"]>(
    request: DistributiveOmit<Extract<SupervisorRequest, { type: Type }>, "id">,
  ): Promise<Extract<ChildAnswer, { type: Type }>> {
    if (this.#waiting.size >= WAITING_MAX) return Promise.reject(new Error("too many requests"));
    const id = ++this.#lastId;
    const answer = new Promise<ChildAnswer>((resolve, reject) => {
      const timer = setTimeout(
        () => this.#take(id)?.reject(new Error(`no answer within ${ANSWER_TIMEOUT_MS} ms`)),
        ANSWER_TIMEOUT_MS,
      );
      this.#waiting.set(id, { resolve, reject, timer });
    });
    this.#child.send({ ...request, id }, (error) => {
      if (error !== null) this.#take(id)?.reject(error);
    });
    return answer as Promise<Extract<ChildAnswer, { type: Type }>>;
  }

  /** The child is gone: whoever waits is told. */
  close(): void {
    for (const id of [...this.#waiting.keys()])
      this.#take(id)?.reject(new Error("the process died"));
  }

  #take(id: number): Waiting | undefined {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    clearTimeout(waiting?.timer);
    return waiting;
  }
}

export type DistributiveOmit<T, Key extends PropertyKey> = T extends unknown ? Omit<T, Key> : never;
