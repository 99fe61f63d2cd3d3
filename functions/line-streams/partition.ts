/**
 * @module
 * Which partition a key's messages go to. The order of a key hangs on it: never change this function.
 *
 * FNV-1a over the UTF-8 bytes (Fowler, Noll, Vo; draft-eastlake-fnv), 32 bits, then the finalizer of
 * MurmurHash3, because the low bits of FNV alone follow those of the last byte.
 */
const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;
const ENCODER = new TextEncoder();

export function partitionOfKey(key: string, partitions: number): number {
  let hash = FNV_OFFSET;
  for (const byte of ENCODER.encode(key)) hash = Math.imul(hash ^ byte, FNV_PRIME);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) % partitions;
}
