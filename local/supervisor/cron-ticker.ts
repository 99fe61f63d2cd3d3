/**
 * @module
 * Fires the Worker's `scheduled()` as Cloudflare's cron would; the local runtimes never do by themselves.
 */
import { get } from "node:http";

const CRON_EVERY_MS = 5000;
/** A tick that takes longer is given up; the next one is due anyway. */
const TICK_TIMEOUT_MS = 30_000;
/** Where Miniflare and `wrangler dev` take a trigger. */
const SCHEDULED_PATH = "/cdn-cgi/local/scheduled";

/**
 * Calls `scheduled()` now and every 5 s; a tick that is still running is not joined by another. `entryUrl` is
 * asked each time, `null` skips the tick. A failure is said once, until a tick succeeds. Returns what ends it.
 */
export function startCron(entryUrl: () => URL | null, say: (message: string) => void): () => void {
  let isRunning = false;
  let hasFailed = false;
  const tick = async () => {
    const url = entryUrl();
    if (isRunning || url === null) return;
    isRunning = true;
    const problem = await fire(new URL(SCHEDULED_PATH, url));
    isRunning = false;
    if (problem !== null && !hasFailed) say(`scheduled() failed: ${problem}`);
    hasFailed = problem !== null;
  };
  void tick();
  const timer = setInterval(() => void tick(), CRON_EVERY_MS);
  return () => clearInterval(timer);
}

/** Resolves with what went wrong, or `null`. */
function fire(url: URL): Promise<string | null> {
  return new Promise((resolve) => {
    const request = get(url, { timeout: TICK_TIMEOUT_MS }, (response) => {
      let body = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => {
        body = `${body}${chunk}`.slice(0, 500);
      });
      response.on("close", () => {
        resolve(response.statusCode === 200 ? null : `HTTP ${response.statusCode} ${body}`.trim());
      });
    });
    request.on("timeout", () => request.destroy(new Error("it took too long")));
    request.on("error", (error) => resolve(error.message));
  });
}
