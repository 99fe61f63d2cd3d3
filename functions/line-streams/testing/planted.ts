/**
 * @module
 * Bugs to plant: the scripts as they would be with one line wrong, and a monitor that registers too late.
 */
import { sha1 } from "@noble/hashes/legacy.js";
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js";
import type { RedisPort } from "../../../shared/redis/port.ts";

export interface PlantedBug {
  /** The script that has it. */
  readonly source: string;
  /** What is right, and what stands there instead. */
  readonly right: string;
  readonly wrong: string;
}

export function withBug(port: RedisPort, { source, right, wrong }: PlantedBug): RedisPort {
  if (!source.includes(right)) throw new Error(`there is no ${right}`);
  const bad = source.replace(right, () => wrong);
  const broken = { source: bad, sha1: bytesToHex(sha1(utf8ToBytes(bad))) };
  return {
    command: (args, options) => port.command(args, options),
    script(script, keys, args, options) {
      const sent = script.source === source ? { ...script, ...broken } : script;
      return port.script(sent, keys, args, options);
    },
  };
}
