/**
 * @module
 * RedisPort over Upstash's REST API, and the only file that talks to `@upstash/redis`.
 *
 * The SDK's own retries, auto-pipelining, deserialization and telemetry are off: it repeats commands
 * that are not safe to repeat, and puts whole commands into its error messages. So is its base64 of
 * replies, which are text (`port.ts`): decoding it costs more than the rest of reading a page.
 *
 * Invariants:
 *
 * 1. One call sends one request, except that an unknown script is sent again with its source.
 * 2. A call ends at its bound. Its request is aborted there too, except that a store which has answered so far
 *    is asked without a signal (that costs a twelfth of a short call): its first request to hang keeps its
 *    connection until the work it belongs to ends.
 * 3. No command, value or store message leaves in an error: only the store's error code does.
 */
import { errors, Redis } from "@upstash/redis/cloudflare";
import { type Breaker, breaker } from "../kernel/breaker.ts";
import type { Deadline } from "../kernel/deadline.ts";
import { type Outcome, UpstreamError, type UpstreamFault } from "../kernel/errors.ts";
import type { Clock } from "../kernel/time.ts";
import type { StoreTraffic } from "../kernel/traffic.ts";
import type { RedisArgument, RedisPort, RedisReply } from "./port.ts";

export interface UpstashDatabase {
  readonly url: string;
  readonly token: string;
}

/** Bound of one attempt when its caller names none. */
const ATTEMPT_TIMEOUT_MS = 1_000;

/**
 * Codes with which Redis refuses before it executes anything (redis.io, "Error replies"). Any other
 * error may come from the middle of a script or from the front of the store, so its outcome is unknown.
 */
const REFUSED_BEFORE_EXECUTION = new Set([
  "NOSCRIPT",
  "OOM",
  "LOADING",
  "READONLY",
  "MISCONF",
  "BUSY",
  "NOAUTH",
  "WRONGPASS",
  "NOPERM",
  "MASTERDOWN",
  "NOREPLICAS",
]);

/** With which every error of Redis begins. One without it comes from the front, which could not ask Redis. */
const REDIS_CODE = /^[A-Z]{2,}/;

/** One database as an isolate sees it: the client and the breaker outlive requests, the port does not. */
export interface RedisDatabase {
  readonly breaker: Breaker;
  /** A port for one request. */
  port(request: { readonly traffic: StoreTraffic; readonly deadline: Deadline }): RedisPort;
}

export function upstashDatabase({ url, token }: UpstashDatabase, clock: Clock): RedisDatabase {
  const guard = breaker();
  /** Read by the SDK in the same synchronous turn in which `exec` sets it. */
  let timeoutMs = ATTEMPT_TIMEOUT_MS;
  const options = {
    url,
    token,
    retry: { retries: 0 },
    enableAutoPipelining: false,
    automaticDeserialization: false,
    responseEncoding: false,
    enableTelemetry: false,
  } as const;
  const client = new Redis(options);
  const abortingClient = new Redis({ ...options, signal: () => AbortSignal.timeout(timeoutMs) });
  const exec = (command: [string, ...RedisArgument[]], boundMs: number): Promise<RedisReply> => {
    if (!guard.isSuspect()) return within(boundMs, client.exec<RedisReply>(command));
    timeoutMs = boundMs;
    return abortingClient.exec<RedisReply>(command);
  };

  const send = async (args: readonly RedisArgument[], boundMs: number): Promise<RedisReply> => {
    if (!guard.admits(clock())) throw notSent("circuit_open");
    try {
      const [name, ...rest] = args;
      const reply = await exec([String(name), ...rest], boundMs);
      guard.succeeded();
      return reply;
    } catch (error) {
      const failure = failureOf(error);
      guard.failed(failure.fault, boundMs, clock());
      throw failure;
    }
  };

  return {
    breaker: guard,
    port({ traffic, deadline }) {
      const call = (args: readonly RedisArgument[], wantedMs = ATTEMPT_TIMEOUT_MS) =>
        traffic.run("redis", () => {
          const boundMs = Math.min(wantedMs, deadline.remainingMs());
          return boundMs > 0 ? send(args, boundMs) : Promise.reject(notSent("timeout"));
        });
      return {
        command: (args, options) => call(args, options?.timeoutMs),
        async script(script, keys, args, options) {
          const suffix = script.isReadOnly ? "_RO" : "";
          const rest = [keys.length, ...keys, ...args];
          try {
            return await call([`EVALSHA${suffix}`, script.sha1, ...rest], options?.timeoutMs);
          } catch (error) {
            if (!(error instanceof UpstreamError) || error.storeCode !== "NOSCRIPT") throw error;
            return await call([`EVAL${suffix}`, script.source, ...rest], options?.timeoutMs);
          }
        },
      };
    },
  };
}

function notSent(fault: UpstreamFault): UpstreamError {
  return new UpstreamError({ dependency: "redis", fault, outcome: "not_applied" });
}

function failureOf(error: unknown): UpstreamError {
  if (error instanceof errors.UpstashJSONParseError) return failure("garbage", "unknown");
  if (error instanceof errors.UpstashError) {
    const code = REDIS_CODE.exec(error.message)?.[0];
    if (code === undefined) return failure("unreachable", "unknown");
    return failure("refused", REFUSED_BEFORE_EXECUTION.has(code) ? "not_applied" : "unknown", code);
  }
  const isTimeout = error instanceof Error && error.name === "TimeoutError";
  return failure(isTimeout ? "timeout" : "unreachable", "unknown");
}

/** Settles as `work` does, or fails after `ms` as an `AbortSignal.timeout` does. */
function within<Reply>(ms: number, work: Promise<Reply>): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new TimedOut()), ms);
    work.then(
      (reply) => {
        clearTimeout(timer);
        resolve(reply);
      },
      (error) => {
        clearTimeout(timer);
        reject(error);
      },
    );
  });
}

class TimedOut extends Error {
  override readonly name = "TimeoutError";
}

function failure(fault: UpstreamFault, outcome: Outcome, storeCode?: string): UpstreamError {
  return new UpstreamError({
    dependency: "redis",
    fault,
    outcome,
    ...(storeCode === undefined ? {} : { storeCode }),
  });
}
