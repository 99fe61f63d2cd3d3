/**
 * @module
 * Reading a request body within a bound, as bytes that are known to be UTF-8.
 */
export const JSON_BODY_BYTES_MAX = 4 * 1024 * 1024;
export const VALUE_BYTES_MAX = 256 * 1024;

export type ReadBody =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "too_large" }
  | { readonly kind: "not_utf8" };

/** Holds no state between calls, so that one serves all requests. */
const STRICT_UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * How much of a body that is too large is read and dropped, so that a client that writes it all before it
 * reads gets the answer and not a reset connection.
 */
const DROPPED_BYTES_MAX = 16 * 1024 * 1024;

/** Keeps nothing beyond the bound, whatever Content-Length says. */
export async function readText(request: Request, bytesMax: number): Promise<ReadBody> {
  const announced = Number(request.headers.get("Content-Length") ?? Number.NaN);
  if (announced > DROPPED_BYTES_MAX) return { kind: "too_large" };
  const bytes =
    announced <= bytesMax
      ? new Uint8Array(await request.arrayBuffer())
      : await readBounded(request, bytesMax);
  if (bytes === null || bytes.byteLength > bytesMax) return { kind: "too_large" };
  try {
    return { kind: "text", text: STRICT_UTF8.decode(bytes) };
  } catch {
    return { kind: "not_utf8" };
  }
}

/** Null when there is more than the bound. */
async function readBounded(request: Request, bytesMax: number): Promise<Uint8Array | null> {
  if (request.body === null) return new Uint8Array();
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  const reader: ReadableStreamDefaultReader<Uint8Array> = request.body.getReader();
  for (;;) {
    const { value, done } = await reader.read();
    if (done) break;
    sizeBytes += value.byteLength;
    if (sizeBytes <= bytesMax) chunks.push(value);
    else if (sizeBytes > DROPPED_BYTES_MAX) {
      await reader.cancel();
      return null;
    }
  }
  return sizeBytes > bytesMax ? null : joined(chunks, sizeBytes);
}

function joined(chunks: readonly Uint8Array[], sizeBytes: number): Uint8Array {
  const bytes = new Uint8Array(sizeBytes);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.byteLength;
  }
  return bytes;
}
