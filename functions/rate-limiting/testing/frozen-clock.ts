/**
 * @module
 * A store whose clock stands where a test puts it, so that a trace of hours runs in seconds and every run of
 * it is the same. The script is the real one on a real Redis, with its time taken from an argument and its
 * levels kept for an hour, since keys expire by the machine's clock.
 */
import { sha1 } from "@noble/hashes/legacy.js";
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js";
import type { RedisPort, Script } from "../../../shared/redis/port.ts";

const TIME = "redis.call('TIME')";
const KEPT = "math.max(reset, tonumber(ARGV[#ARGV - 1]))";
const POP = "local us, s = table.remove(ARGV), table.remove(ARGV)";

export function withFrozenClock(port: RedisPort, nowMs: () => number): RedisPort {
  return {
    command: (args, options) => port.command(args, options),
    script: (script, keys, args, options) => {
      const now = nowMs();
      const time = [Math.floor(now / 1_000), (now % 1_000) * 1_000];
      return port.script(frozen(script), keys, [...args, ...time], options);
    },
  };
}

const made = new Map<string, Script>();

function frozen(script: Script): Script {
  const known = made.get(script.sha1);
  if (known !== undefined) return known;
  const [header, ...lines] = script.source.split("\n");
  const body = lines.join("\n");
  if (!body.includes(TIME) || !body.includes(KEPT)) throw new Error("the script has changed");
  const source = [header, POP, body.replace(TIME, "{ s, us }").replace(KEPT, "3600000")].join("\n");
  const changed = { ...script, source, sha1: bytesToHex(sha1(utf8ToBytes(source))) };
  made.set(script.sha1, changed);
  return changed;
}
