import type { IncomingMessage } from "node:http";

/** Upstash's bound for a request. */
export const BODY_MAX_BYTES = 10 * 1024 * 1024;

export type Body =
  | { readonly kind: "whole"; readonly bytes: Buffer }
  | { readonly kind: "too-large"; readonly sizeBytes: number }
  /** The client went away while sending. */
  | { readonly kind: "cut-off" };

const EMPTY = Buffer.alloc(0);

/**
 * Reads the body. One that is too large is answered as soon as that is known; `sizeBytes` is the size
 * announced, or what had come until then.
 */
export function readBody(request: IncomingMessage): Promise<Body> {
  const announced = Number(request.headers["content-length"] ?? Number.NaN);
  if (announced > BODY_MAX_BYTES) {
    return Promise.resolve({ kind: "too-large", sizeBytes: announced });
  }
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let sizeBytes = 0;
    request.on("data", (chunk: Buffer) => {
      sizeBytes += chunk.length;
      if (sizeBytes > BODY_MAX_BYTES) resolve({ kind: "too-large", sizeBytes });
      else chunks.push(chunk);
    });
    request.on("end", () => {
      const [first = EMPTY] = chunks;
      resolve({ kind: "whole", bytes: chunks.length > 1 ? Buffer.concat(chunks) : first });
    });
    request.on("error", () => resolve({ kind: "cut-off" }));
    request.on("close", () => resolve({ kind: "cut-off" }));
  });
}
