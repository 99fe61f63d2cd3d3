/**
 * @module
 * A store whose clock is another one than the machine's: scripts read a shifted `TIME`. Keys still expire
 * by the machine's clock, so shift ahead, not back.
 */
import { sha1 } from "@noble/hashes/legacy.js";
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js";
import type { RedisPort, Script } from "../../../shared/redis/port.ts";

const TIME = "redis.call('TIME')";

/** `aheadMs` must be whole seconds: each value makes other scripts. */
export function withStoreClock(port: RedisPort, aheadMs: () => number): RedisPort {
  return {
    command: (args, options) => port.command(args, options),
    script: (script, keys, args, options) =>
      port.script(shifted(script, aheadMs() / 1_000), keys, args, options),
  };
}

/** For a store that does all within one millisecond. */
export function withStoppedClock(port: RedisPort): RedisPort {
  const time = `{ '${Math.floor(Date.now() / 1_000)}', '0' }`;
  return {
    command: (args, options) => port.command(args, options),
    script: (script, keys, args, options) =>
      port.script(withTime(script, time), keys, args, options),
  };
}

function shifted(script: Script, aheadS: number): Script {
  if (aheadS === 0) return script;
  return withTime(script, `(function() local t = ${TIME} return { t[1] + ${aheadS}, t[2] } end)()`);
}

function withTime(script: Script, time: string): Script {
  const source = script.source.replaceAll(TIME, time);
  return { ...script, source, sha1: bytesToHex(sha1(utf8ToBytes(source))) };
}
