import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js";

const HASH_BYTES = 16;

/** The first 16 bytes of SHA-256 as hex: short enough to be kept by the million, and nobody finds two alike. */
export function shortHash(text: string): string {
  return bytesToHex(sha256(utf8ToBytes(text)).subarray(0, HASH_BYTES));
}
