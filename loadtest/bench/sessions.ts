/**
 * @module
 * The sessions that the bench reads and changes, all alike: twenty fields and five articles.
 */
import { type BenchCaller, expectStatus } from "./row.ts";

const SESSIONS = 200;
export const FIELDS = 20;

const ARTICLES = 5;
const DATA = Object.fromEntries(
  Array.from({ length: FIELDS }, (_, field) => [`field-${field}`, `value ${field}`]),
);

/** The cookie of each. Sessions that a run left behind end by themselves. */
export async function beginSessions(call: BenchCaller, runId: string): Promise<readonly string[]> {
  const cookies: string[] = [];
  for (let which = 0; which < SESSIONS; which += 1) {
    const body = JSON.stringify({ userId: `bench-${runId}-${which}`, data: DATA });
    const headers = { "content-type": "application/json" };
    const begun = await call({ method: "POST", path: "/session-store/sessions", headers, body });
    expectStatus(begun, [201], "beginning a session");
    cookies.push(begun.cookie ?? "");
    await fillCart(call, begun.cookie ?? "");
  }
  return cookies;
}

async function fillCart(call: BenchCaller, cookie: string): Promise<void> {
  for (let article = 0; article < ARTICLES; article += 1) {
    const put = await call({
      method: "PUT",
      path: `/session-store/session/cart/article-${article}`,
      headers: { "content-type": "application/json", cookie },
      body: JSON.stringify({ quantity: article + 1 }),
    });
    expectStatus(put, [200], "filling a cart");
  }
}
