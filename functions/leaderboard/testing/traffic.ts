/**
 * @module
 * Random submits, and a network that delivers copies of what was sent much later.
 */
import type { Random } from "../../../shared/kernel/time.ts";
import type { RedisPort } from "../../../shared/redis/port.ts";
import { SCORE_MAX } from "../score.ts";
import type { Submission } from "../submission.ts";

export interface LatenessOptions {
  readonly random: Random;
  /** Chance that a script arrives again, up to `lateMax` calls later. */
  readonly repeated: number;
  readonly lateMax: number;
}

export interface Lateness {
  wrap(port: RedisPort): RedisPort;
  /** Delivers every copy that is still under way. */
  settle(): Promise<void>;
  readonly repeats: number;
}

/** Late copies are delivered before a later call is sent, so that a run with one caller can be repeated. */
export function createLateness({ random, repeated, lateMax }: LatenessOptions): Lateness {
  let copies: { readonly due: number; readonly send: () => Promise<unknown> }[] = [];
  let [calls, repeats] = [0, 0];

  const deliver = async (until: number) => {
    const due = copies.filter((copy) => copy.due <= until);
    copies = copies.filter((copy) => copy.due > until);
    for (const copy of due) await copy.send();
  };

  return {
    wrap: (port) => ({
      command: (args, options) => port.command(args, options),
      async script(script, keys, args, options) {
        calls += 1;
        await deliver(calls);
        if (random() < repeated) {
          repeats += 1;
          const due = calls + 1 + Math.floor(random() * lateMax);
          copies.push({ due, send: () => port.script(script, keys, args).catch(() => {}) });
        }
        return await port.script(script, keys, args, options);
      },
    }),
    settle: () => deliver(Number.POSITIVE_INFINITY),
    get repeats() {
      return repeats;
    },
  };
}

export interface SubmissionOptions {
  readonly random: Random;
  readonly members: number;
}

/** Mostly ties, some scores at the very ends of the range; every tenth with metadata. */
export function randomSubmission({ random, members }: SubmissionOptions): Submission {
  const member = `m${Math.floor(random() * members)}`;
  const metadata = random() < 0.1 ? JSON.stringify({ n: Math.floor(random() * 1_000) }) : null;
  return { member, score: randomScore(random), metadata };
}

function randomScore(random: Random): number {
  const kind = random();
  if (kind < 0.02) return SCORE_MAX - Math.floor(random() * 2);
  if (kind < 0.04) return -SCORE_MAX + Math.floor(random() * 2);
  return Math.floor(random() * 41) - 20;
}
