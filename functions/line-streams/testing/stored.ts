import type { RedisReply } from "../../../shared/redis/port.ts";
import type { Stand } from "./stand.ts";

const KEYS_MAX = 1_000;

/** Every key of a stand's deployment without its common beginning, with its TTL in ms (-1: none). */
export async function storedKeys(stand: Stand): Promise<Map<string, number>> {
  const { redis } = stand.request();
  const prefix = `${stand.keys("x").topics}:`;
  const found = new Map<string, number>();
  let cursor = "0";
  for (let pages = 0; pages < KEYS_MAX; pages += 1) {
    const reply = await redis.command(["SCAN", cursor, "MATCH", `${prefix}*`, "COUNT", KEYS_MAX]);
    const [next, keys] = reply as [string, readonly RedisReply[]];
    for (const key of keys) {
      const ttlMs = await redis.command(["PTTL", String(key)]);
      found.set(String(key).slice(prefix.length), Number(ttlMs));
    }
    cursor = next;
    if (cursor === "0") return found;
  }
  throw new Error("more keys than a test makes");
}
