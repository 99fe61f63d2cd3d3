/**
 * @module
 * A network that delivers copies of what was sent much later.
 */
import type { Random } from "../../../shared/kernel/time.ts";
import type { RedisPort } from "../../../shared/redis/port.ts";

export interface LatenessOptions {
  readonly random: Random;
  /** Chance that a script arrives again, up to `lateMax` calls later. */
  readonly repeated: number;
  readonly lateMax: number;
  /** A port past this one, for copies. */
  readonly direct: () => RedisPort;
}

export interface Lateness {
  wrap(port: RedisPort): RedisPort;
  readonly repeats: number;
}

/** Late copies are delivered before a later call is sent, so that a run with one caller can be repeated. */
export function createLateness({ random, repeated, lateMax, direct }: LatenessOptions): Lateness {
  let copies: { readonly due: number; readonly send: () => Promise<unknown> }[] = [];
  let [calls, repeats] = [0, 0];
  return {
    wrap: (port) => ({
      command: (args, options) => port.command(args, options),
      async script(script, keys, args, options) {
        calls += 1;
        const due = copies.filter((copy) => copy.due <= calls);
        copies = copies.filter((copy) => copy.due > calls);
        for (const copy of due) await copy.send();
        if (random() < repeated) {
          repeats += 1;
          const late = calls + 1 + Math.floor(random() * lateMax);
          copies.push({ due: late, send: () => direct().script(script, keys, args) });
        }
        return await port.script(script, keys, args, options);
      },
    }),
    get repeats() {
      return repeats;
    },
  };
}
