/**
 * @module
 * Reads a request body up to a bound. What is beyond it is read on and thrown away, up to a second bound:
 * a client that is still sending sees the answer only once it has been listened to.
 */
import type { IncomingMessage } from "node:http";

export const REQUEST_MAX_BYTES = 10 * 1024 * 1024;
const DRAIN_MAX_BYTES = 10 * REQUEST_MAX_BYTES;

export type Body =
  | { readonly kind: "read"; readonly text: string }
  | { readonly kind: "too-large" }
  /** The client went away. */
  | { readonly kind: "broken" };

/** Always resolves. */
export function readBody(request: IncomingMessage): Promise<Body> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let sizeBytes = 0;
    request.on("data", (chunk: Buffer) => {
      sizeBytes += chunk.length;
      if (sizeBytes <= REQUEST_MAX_BYTES) chunks.push(chunk);
      else chunks.length = 0;
      if (sizeBytes > DRAIN_MAX_BYTES) request.destroy();
    });
    request.once("end", () => {
      if (sizeBytes > REQUEST_MAX_BYTES) resolve({ kind: "too-large" });
      else resolve({ kind: "read", text: Buffer.concat(chunks).toString("utf8") });
    });
    request.once("error", () => resolve({ kind: "broken" }));
    request.once("close", () => resolve({ kind: "broken" }));
  });
}
