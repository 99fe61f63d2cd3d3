/**
 * @module
 * Replies as the bytes Redis sent, for the RESP2 response format: a decoded reply no longer tells a
 * status from a bulk string, or one null from the other.
 *
 * A connection that ioredis made ready is taken over; replies are matched to commands by order.
 */
import type { Redis } from "ioredis";
import type { Command } from "./command.ts";
import { measureReply } from "./resp-frame.ts";
import { REPLY_WITHIN_MS, respCommand, StoreError, UNSENT_MAX_BYTES } from "./store.ts";

interface Waiting {
  readonly resolve: (reply: Buffer) => void;
  readonly reject: (error: StoreError) => void;
  readonly timer: NodeJS.Timeout;
}

export class RawChannel {
  readonly #redis: Redis;
  readonly #waiting: Waiting[] = [];
  #chunks: Buffer[] = [];
  #sizeBytes = 0;
  #neededBytes = 1;
  #isOpen = true;

  /** Takes over a ready connection and closes it in the end. */
  constructor(redis: Redis) {
    this.#redis = redis;
    const { stream } = redis;
    stream.removeAllListeners("data");
    stream.on("data", (chunk: Buffer) => this.#take(chunk));
    stream.once("close", () =>
      this.#end(new StoreError("lost", "the connection to Redis was lost before its reply")),
    );
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Resolves to the whole reply. Rejects with `StoreError`. */
  send(command: Command): Promise<Buffer> {
    if (!this.#isOpen || this.#redis.stream.writableLength > UNSENT_MAX_BYTES) {
      return Promise.reject(new StoreError("down", "the Redis of this node takes nothing"));
    }
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => this.#end(new StoreError("slow", "Redis did not answer in time")),
        REPLY_WITHIN_MS,
      );
      this.#waiting.push({ resolve, reject, timer });
      const { stream } = this.#redis;
      stream.write(respCommand(command).toWritable(stream));
    });
  }

  close(): void {
    this.#end(new StoreError("lost", "the connection to Redis was closed before its reply"));
  }

  #take(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#sizeBytes += chunk.length;
    if (this.#sizeBytes < this.#neededBytes) return;
    const bytes = Buffer.concat(this.#chunks, this.#sizeBytes);
    let start = 0;
    this.#neededBytes = 1;
    while (start < bytes.length) {
      const frame = measureReply(bytes, start);
      if (frame.kind === "partial") {
        this.#neededBytes = frame.sizeBytes - start;
        break;
      }
      const waiting = this.#waiting.shift();
      clearTimeout(waiting?.timer);
      waiting?.resolve(Buffer.from(bytes.subarray(start, frame.end)));
      start = frame.end;
    }
    this.#chunks = start < bytes.length ? [bytes.subarray(start)] : [];
    this.#sizeBytes = bytes.length - start;
  }

  #end(error: StoreError): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#redis.disconnect();
    for (const { reject, timer } of this.#waiting.splice(0)) {
      clearTimeout(timer);
      reject(error);
    }
  }
}
