/**
 * @module
 * A Lua file with a type. `defineScript` is the only way this project calls EVAL, so the number and order
 * of KEYS and ARGV are checked by the compiler, and every reply is decoded in one place.
 */
import { sha1 } from "@noble/hashes/legacy.js";
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js";
import { assert } from "../kernel/assert.ts";
import { UpstreamError } from "../kernel/errors.ts";
import type { RedisArgument, RedisCallOptions, RedisPort, RedisReply, Script } from "./port.ts";
import { MalformedReply } from "./reply.ts";

type Run<Keys extends readonly string[], Args extends readonly RedisArgument[], Reply> = (
  redis: RedisPort,
  keys: Keys,
  args: Args,
  options?: RedisCallOptions,
) => Promise<Reply>;

/**
 * Gives a script its types. `decode` uses the readers of `reply.ts`.
 *
 * Requires the first line to be `#!lua flags=allow-key-locking`, or
 * `#!lua flags=no-writes,allow-key-locking` for a script that replicas may run: without the flag Upstash
 * locks the whole database (Upstash docs, "Key locking").
 */
export function defineScript<
  Keys extends readonly string[],
  Args extends readonly RedisArgument[],
  Reply,
>(source: string, decode: (reply: RedisReply) => Reply): Run<Keys, Args, Reply> {
  const script = scriptOf(source);
  return async (redis, keys, args, options) => {
    const reply = await redis.script(script, keys, args, options);
    try {
      return decode(reply);
    } catch (error) {
      if (!(error instanceof MalformedReply)) throw error;
      const outcome = script.isReadOnly ? "not_applied" : "unknown";
      throw new UpstreamError({ dependency: "redis", fault: "garbage", outcome });
    }
  };
}

function scriptOf(source: string): Script {
  const [header] = source.split("\n", 1);
  const isReadOnly = header === "#!lua flags=no-writes,allow-key-locking";
  assert(isReadOnly || header === "#!lua flags=allow-key-locking", "a script must lock keys only");
  return { source, isReadOnly, sha1: bytesToHex(sha1(utf8ToBytes(source))) };
}
