import { sha1 } from "@noble/hashes/legacy.js";
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js";
import { Redis } from "@upstash/redis/cloudflare";

export interface FloorEnv {
  readonly UPSTASH_REDIS_REST_URL: string;
  readonly UPSTASH_REDIS_REST_TOKEN: string;
  /** Of the Worker whose data is used. */
  readonly INSTANCE: string;
  readonly TENANT: string;
}

/** The main Redis by the SDK that the patterns use, made once an isolate. */
export const redisOf = memoized(
  (env: FloorEnv) =>
    new Redis({
      url: env.UPSTASH_REDIS_REST_URL,
      token: env.UPSTASH_REDIS_REST_TOKEN,
      retry: { retries: 0 },
      enableAutoPipelining: false,
      automaticDeserialization: false,
      responseEncoding: false,
      enableTelemetry: false,
    }),
);

export function memoized<Key extends object, Value>(
  make: (key: Key) => Value,
): (key: Key) => Value {
  const made = new WeakMap<Key, Value>();
  return (key) => {
    const known = made.get(key) ?? make(key);
    made.set(key, known);
    return known;
  };
}

export function sha1Of(source: string): string {
  return bytesToHex(sha1(utf8ToBytes(source)));
}
