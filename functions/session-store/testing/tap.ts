import { UpstreamError } from "../../../shared/kernel/errors.ts";
import type { RedisPort, RedisReply } from "../../../shared/redis/port.ts";

/** Listens in on the scripts that are sent: a test can send a copy again, or keep one from arriving. */
export interface Tap {
  wrap(port: RedisPort): RedisPort;
  /** Scripts sent so far. */
  readonly sent: number;
  /** Sends an exact copy of the last script, or of one before it. */
  again(back?: number): Promise<RedisReply>;
  /** Keeps what `work` sends from arriving; it sees no answer. Its failure is expected. */
  holding(work: () => Promise<unknown>): Promise<void>;
  /** Runs once, before the next script is sent. */
  beforeNext(interfere: () => Promise<unknown>): void;
}

/** @param direct a port past the tap, for copies: their own request may have run out of time */
export function createTap(direct: () => RedisPort): Tap {
  const copies: (() => Promise<RedisReply>)[] = [];
  let interfere: (() => Promise<unknown>) | null = null;
  let isHolding = false;
  return {
    wrap: (port) => ({
      command: (args, options) => port.command(args, options),
      async script(script, keys, args, options) {
        const before = interfere;
        interfere = null;
        await before?.();
        copies.push(() => direct().script(script, keys, args));
        if (!isHolding) return await port.script(script, keys, args, options);
        throw new UpstreamError({ dependency: "redis", fault: "timeout", outcome: "unknown" });
      },
    }),
    get sent() {
      return copies.length;
    },
    async again(back = 0) {
      const copy = copies.at(-1 - back);
      if (copy === undefined) throw new Error("nothing was sent yet");
      return await copy();
    },
    async holding(work) {
      isHolding = true;
      await work().catch((error: unknown) => {
        if (!(error instanceof UpstreamError)) throw error;
      });
      isHolding = false;
    },
    beforeNext(next) {
      interfere = next;
    },
  };
}
