/**
 * @module
 * A reply that goes on: text that is made as fast as it is read, and no further once nobody reads.
 */
import type { Context } from "hono";
import type { AppEnv } from "./app-env.ts";

const ENCODER = new TextEncoder();

/** @param texts made when the reply begins; its signal is aborted when the caller is gone */
export function eventStream(
  c: Context<AppEnv>,
  texts: (signal: AbortSignal) => AsyncGenerator<string>,
): Response {
  const gone = new AbortController();
  const leave = () => gone.abort();
  const { signal } = c.req.raw;
  signal.addEventListener("abort", leave);
  const source = texts(gone.signal);
  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const next = await source.next();
        if (!next.done) return controller.enqueue(ENCODER.encode(next.value));
        signal.removeEventListener("abort", leave);
        controller.close();
      },
      cancel: leave,
    },
    { highWaterMark: 0 },
  );
  return c.body(body, 200, { "Content-Type": "text/event-stream" });
}
