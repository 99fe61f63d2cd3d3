/**
 * @module
 * The pattern over a real Redis as a test drives it: each call is a request with a deadline of its own, the
 * Worker's clock can be wrong, and work after a reply can be waited for.
 */
import { deadlineAfter } from "../../../shared/kernel/deadline.ts";
import { sleep } from "../../../shared/kernel/time.ts";
import { storeTraffic } from "../../../shared/kernel/traffic.ts";
import type { RedisPort } from "../../../shared/redis/port.ts";
import { upstashDatabase } from "../../../shared/redis/upstash.ts";
import type { SessionAccess, SessionStores } from "../access.ts";
import { SESSION_POLICY, type SessionPolicy } from "../policy.ts";
import type { SigningSecret } from "../tokens.ts";

type Secrets = readonly [SigningSecret, ...SigningSecret[]];

export interface Stand {
  readonly instance: string;
  /** A request; its deadline starts now. */
  request(options?: { readonly deadlineMs?: number }): SessionAccess;
  /** Sets the Worker's clock ahead of the store's, or behind. */
  setAhead(ms: number): void;
  /** Does the work that replies left behind, and says how much there was. */
  settled(): Promise<number>;
  /** Another Worker of the same deployment, with what is different there. */
  another(options?: Partial<StandOptions>): Stand;
}

export interface StandOptions {
  /** Stands between the pattern and the store. */
  readonly wrap?: (port: RedisPort) => RedisPort;
  readonly instance?: string;
  readonly policy?: Partial<SessionPolicy>;
  readonly secrets?: Secrets;
}

export const OLD_SECRET: SigningSecret = { kid: "old", secret: "o".repeat(32) };
export const NEW_SECRET: SigningSecret = { kid: "new", secret: "n".repeat(32) };

/** One isolate with sessions that no other test has. */
export function createStand(
  database: { readonly url: string; readonly token: string },
  options: StandOptions = {},
): Stand {
  const { wrap = (port) => port, instance = `test-${crypto.randomUUID()}` } = options;
  const { policy = {}, secrets = [OLD_SECRET] } = options;
  let aheadMs = 0;
  let after: ((stores: SessionStores) => Promise<unknown>)[] = [];
  const clock = () => Date.now() + aheadMs;
  const redis = upstashDatabase(database, clock);
  const storesOf = (deadlineMs: number): SessionStores => {
    const deadline = deadlineAfter(clock, deadlineMs);
    return {
      redis: wrap(redis.port({ traffic: storeTraffic(clock), deadline })),
      attempts: { deadline, clock, random: () => 0.5, sleep },
    };
  };
  return {
    instance,
    request: ({ deadlineMs = 10_000 } = {}) => ({
      ...storesOf(deadlineMs),
      instance,
      secrets,
      policy: { ...SESSION_POLICY, ...policy },
      newId: () => crypto.randomUUID().replaceAll("-", "").slice(0, 22),
      afterReply: (work) => {
        after.push(work);
      },
    }),
    setAhead(ms) {
      aheadMs = ms;
    },
    async settled() {
      const works = after;
      after = [];
      for (const work of works) await work(storesOf(10_000));
      return works.length;
    },
    another: (different = {}) => createStand(database, { ...options, instance, ...different }),
  };
}
