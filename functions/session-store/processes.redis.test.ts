import { afterAll, beforeAll, describe, inject, it } from "vitest";
import {
  startWorkerProcesses,
  type WorkerProcesses,
} from "../../local/testing/worker-processes.ts";
import { type Browser, openBrowser } from "./testing/browser.ts";

const NEW = "n".repeat(40);
const OLD = "o".repeat(40);

let workers: WorkerProcesses;

beforeAll(async () => {
  // The second has a newer secret than the first has heard of, as during a deployment that changes it.
  workers = await startWorkerProcesses(inject("workerBindings"), [
    { aheadMs: 2_500, bindings: { SESSION_SECRETS: JSON.stringify({ old: OLD, new: NEW }) } },
    { aheadMs: -2_500, bindings: { SESSION_SECRETS: JSON.stringify({ new: NEW, old: OLD }) } },
  ]);
}, 120_000);

afterAll(() => workers.stop());

const at = (which: number): Browser =>
  openBrowser({ fetch, origin: workers.urls[which] ?? "", key: inject("apiKey") });

/** The same person at both Workers. */
async function atBoth(): Promise<readonly [Browser, Browser]> {
  const [a, b] = [at(0), at(1)];
  const begun = await a.signIn(`processes-${crypto.randomUUID()}`);
  if (begun.status !== 201) throw new Error(`not signed in: ${begun.status}`);
  b.cookie = a.cookie;
  return [a, b];
}

describe("two Worker processes whose clocks are five seconds apart", () => {
  it("share sessions, under the name that plain http on this machine has", async ({ expect }) => {
    const [a, b] = await atBoth();
    expect(a.cookie).toMatch(/^sid=/);
    expect(await b.call("PATCH", "/session", { body: { set: { a: 1 } } })).toMatchObject({
      status: 200,
    });
    expect(await a.call("GET", "/session")).toMatchObject({ body: { data: { a: 1 } } });
    await a.call("DELETE", "/session");
    expect(await b.call("GET", "/session")).toMatchObject({ status: 401 });
  });

  it("lose no edit of different fields", async ({ expect }) => {
    const browsers = await atBoth();
    const replies = await Promise.all(
      Array.from({ length: 400 }, (_, i) =>
        browsers[i % 2]?.call("PATCH", "/session", {
          body: { set: { [`f${i}`]: i } },
          headers: { "Kv-Deadline-Ms": "10000" },
        }),
      ),
    );
    expect(new Set(replies.map((reply) => reply?.status))).toEqual(new Set([200]));
    const { body } = await browsers[0].call("GET", "/session");
    expect(body["data"]).toEqual(
      Object.fromEntries(Array.from({ length: 400 }, (_, i) => [`f${i}`, i])),
    );
    expect(body["version"]).toBe("401");
  });

  it("give one successor of a cookie that both rotate, whatever secret is their newest", async ({
    expect,
  }) => {
    for (let round = 0; round < 10; round += 1) {
      const [a, b] = await atBoth();
      await Promise.all([a, b, a, b].map((one) => one.call("POST", "/session/rotate")));
      expect(a.cookie).toBe(b.cookie);
      expect(await a.call("GET", "/session")).toMatchObject({ status: 200 });
    }
  });
});
