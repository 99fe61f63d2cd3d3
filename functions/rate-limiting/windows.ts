/**
 * @module
 * The algorithms of `@upstash/ratelimit`, run by the SDK itself over our port: `fixed-window`,
 * `sliding-window` and `token-bucket`.
 *
 * The SDK's own timeout (which lets pass), cache, analytics and telemetry are off. It reads the Worker's
 * clock, so each isolate counts in the windows of its own: with clocks apart, up to twice the limit passes
 * where two windows meet. It is never asked twice, because a repeat would count again.
 */
import { Ratelimit } from "@upstash/ratelimit";
import { UpstreamError } from "../../shared/kernel/errors.ts";
import type { Clock } from "../../shared/kernel/time.ts";
import type { RedisArgument, RedisPort } from "../../shared/redis/port.ts";
import type { LimiterAccess } from "./access.ts";
import { type LimitKeys, limitKeys } from "./keys.ts";
import type { Policy } from "./policy.ts";
import type { Verdict } from "./verdict.ts";

export interface WindowCheck {
  readonly policy: Policy;
  readonly key: string;
  readonly cost: number;
}

/** Judges a check and charges it. One trip. A call without an answer may have charged. */
export async function judgeWindow(
  port: WindowPort,
  { policy, key, cost }: WindowCheck,
): Promise<Verdict> {
  const limiter = limiterOf(port, policy);
  const id = counterId(port.keys, { policy, key });
  const { success, remaining, reset } = await limiter.limit(id, { rate: cost });
  const untilMs = Math.max(0, reset - port.clock());
  return {
    allowed: success,
    limit: policy.limit,
    remaining: Math.max(0, remaining),
    resetMs: untilMs,
    retryAfterMs: success ? 0 : Math.max(1, untilMs),
  };
}

/** What `judgeWindow` would say to a cost of 1, charging nothing. One trip. */
export async function lookAtWindow(
  port: WindowPort,
  { policy, key }: Omit<WindowCheck, "cost">,
): Promise<Verdict> {
  const id = counterId(port.keys, { policy, key });
  const found = await limiterOf(port, policy).getRemaining(id);
  const { remaining, reset } = refilled(policy, found, port.clock());
  const untilMs = Math.max(0, reset - port.clock());
  const allowed = remaining > 0;
  return {
    allowed,
    limit: policy.limit,
    remaining,
    resetMs: untilMs,
    retryAfterMs: allowed ? 0 : Math.max(1, untilMs),
  };
}

interface Remaining {
  readonly remaining: number;
  /** End of the window. */
  readonly reset: number;
}

/** The SDK tells what a bucket held when it was last charged; it is refilled at the end of each window. */
function refilled(
  { algorithm, limit, windowMs, burst }: Policy,
  { remaining, reset }: Remaining,
  nowMs: number,
): Remaining {
  if (algorithm !== "token-bucket" || nowMs < reset) return { remaining, reset };
  const refills = Math.floor((nowMs - reset) / windowMs) + 1;
  return {
    remaining: Math.min(burst, remaining + refills * limit),
    reset: reset + refills * windowMs,
  };
}

/** A bucket is of its burst: one that was made with a larger burst may hold more than may pass now. */
function counterId(keys: LimitKeys, { policy, key }: Pick<WindowCheck, "policy" | "key">): string {
  return keys.counterId(policy.algorithm === "token-bucket" ? `${policy.burst} ${key}` : key);
}

/**
 * The keys that the SDK may hold of a caller, by the windows that any Worker can be in now. The SDK's own
 * reset walks over all keys of the database.
 */
export function windowKeys(
  { keys, clock }: WindowPort,
  { policy, key }: Omit<WindowCheck, "cost">,
): readonly string[] {
  const start = `${keys.counters(policy.name)}:${counterId(keys, { policy, key })}`;
  if (policy.algorithm === "token-bucket") return [start];
  const window = Math.floor(clock() / policy.windowMs);
  return [window - 1, window, window + 1].map((which) => `${start}:${which}`);
}

/** What a check of these algorithms needs. */
export interface WindowPort {
  readonly redis: RedisPort;
  /** Milliseconds that are left for the call, also when it has to send the script after its hash. */
  readonly leftMs: () => number;
  readonly keys: LimitKeys;
  readonly clock: Clock;
}

export function windowPort(
  { redis, space, attempts }: LimiterAccess,
  leftMs: () => number,
): WindowPort {
  return { redis, leftMs, keys: limitKeys(space), clock: attempts.clock };
}

function limiterOf({ redis, leftMs, keys }: WindowPort, policy: Policy): Ratelimit {
  return new Ratelimit({
    redis: new ScriptsOnly(redis, leftMs),
    prefix: keys.counters(policy.name),
    limiter: algorithmOf(policy),
    timeout: 0,
    ephemeralCache: false,
    analytics: false,
    enableTelemetry: false,
  });
}

function algorithmOf({ algorithm, limit, windowMs, burst }: Policy) {
  switch (algorithm) {
    case "fixed-window":
      return Ratelimit.fixedWindow(limit, `${windowMs} ms`);
    case "sliding-window":
      return Ratelimit.slidingWindow(limit, `${windowMs} ms`);
    case "token-bucket":
      return Ratelimit.tokenBucket(limit, `${windowMs} ms`, burst);
    case "gcra":
      throw new RangeError("gcra is not an algorithm of the SDK");
  }
}

/** What the SDK needs of a client: it runs scripts, and nothing else with what we leave on. */
class ScriptsOnly {
  readonly #redis: RedisPort;
  readonly #leftMs: () => number;

  constructor(redis: RedisPort, leftMs: () => number) {
    this.#redis = redis;
    this.#leftMs = leftMs;
  }

  evalsha = <Args extends unknown[], Reply>(sha1: string, keys: string[], args: Args) =>
    this.#run<Reply>("EVALSHA", sha1, keys, args);

  eval = <Args extends unknown[], Reply>(script: string, keys: string[], args: Args) =>
    this.#run<Reply>("EVAL", script, keys, args);

  get = unused;
  set = unused;

  async #run<Reply>(command: string, script: string, keys: string[], args: unknown[]) {
    const given = args.map((value): RedisArgument => String(value));
    const reply = await this.#redis.command([command, script, keys.length, ...keys, ...given], {
      timeoutMs: this.#leftMs(),
    });
    return reply as Reply;
  }
}

function unused(): never {
  throw new UpstreamError({ dependency: "redis", fault: "refused", outcome: "not_applied" });
}
