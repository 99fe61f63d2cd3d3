/**
 * @module
 * Where does a RESP2 reply end? Needed where replies are passed on as bytes, without being decoded.
 */

const CR = 0x0d;
const ARRAY = 0x2a;
const BULK = 0x24;

export type Frame =
  /** The reply is `bytes[start, end)`. */
  | { readonly kind: "whole"; readonly end: number }
  /** It cannot be complete before there are `sizeBytes` bytes. */
  | { readonly kind: "partial"; readonly sizeBytes: number };

/** Measures the reply that begins at `start`. Throws when these bytes are not RESP2. */
export function measureReply(bytes: Buffer, start: number): Frame {
  let at = start;
  for (let left = 1; left > 0; left -= 1) {
    const lineEnd = bytes.indexOf(CR, at);
    if (lineEnd === -1 || lineEnd + 2 > bytes.length) {
      return { kind: "partial", sizeBytes: Math.max(bytes.length, at) + 1 };
    }
    const type = bytes[at];
    const length = bytes.toString("latin1", at + 1, lineEnd);
    at = lineEnd + 2;
    if (type === ARRAY) left += Math.max(lengthOf(length), 0);
    if (type === BULK && length !== "-1") at += lengthOf(length) + 2;
  }
  return at <= bytes.length ? { kind: "whole", end: at } : { kind: "partial", sizeBytes: at };
}

function lengthOf(digits: string): number {
  const length = Number(digits);
  if (!Number.isSafeInteger(length)) throw new Error("not a RESP2 reply");
  return length;
}
