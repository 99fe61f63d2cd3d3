import { afterAll, beforeAll, describe, inject, it } from "vitest";
import {
  startWorkerProcesses,
  type WorkerProcesses,
} from "../../local/testing/worker-processes.ts";

const HOUR_MS = 3_600_000;
const KEY = inject("apiKey");

let workers: WorkerProcesses;

beforeAll(async () => {
  workers = await startWorkerProcesses(inject("workerBindings"), [
    { aheadMs: 2_500 },
    { aheadMs: -2_500 },
  ]);
}, 120_000);

afterAll(() => workers.stop());

async function send(url: string, method: string, path: string, body?: unknown) {
  const reply = await fetch(`${url}/rate-limiting/policies/${path}`, {
    method,
    headers: { Authorization: `Bearer ${KEY}`, "Content-Type": "application/json" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: reply.status, body: (await reply.json()) as { readonly resetMs: number } };
}

/** How many of 200 checks, half of them to each process, pass; every other answer is a 429. */
async function passedOf200(policy: string): Promise<number> {
  const replies = await Promise.all(
    Array.from({ length: 200 }, (_, i) =>
      send(workers.urls[i % 2] ?? "", "POST", `${policy}/check`, { key: "ann" }),
    ),
  );
  const statuses = replies.map(({ status }) => status);
  const passed = statuses.filter((status) => status === 200).length;
  const refused = statuses.filter((status) => status === 429).length;
  if (passed + refused !== 200) throw new Error(`other answers: ${statuses.join(" ")}`);
  return passed;
}

describe("two Worker processes whose clocks are five seconds apart", () => {
  it("see the same window end five seconds apart", async ({ expect }) => {
    const policy = `two-${crypto.randomUUID()}`;
    const windowMs = 31 * 24 * HOUR_MS;
    const definition = { algorithm: "fixed-window", limit: 9, windowMs, onError: "closed" };
    await send(workers.urls[0] ?? "", "PUT", policy, definition);
    const [ahead = 0, behind = 0] = await Promise.all(
      workers.urls.map(async (url) => {
        return (await send(url, "POST", `${policy}/check`, { key: "ann" })).body.resetMs;
      }),
    );
    const apartMs = (behind - ahead + windowMs) % windowMs;
    expect(apartMs).toBeGreaterThan(4_000);
    expect(apartMs).toBeLessThan(6_000);
  });

  it("let exactly 100 of 200 concurrent checks pass, twenty times in a row", async ({ expect }) => {
    const passed: number[] = [];
    for (let round = 0; round < 20; round += 1) {
      const policy = `two-${crypto.randomUUID()}`;
      const definition = { algorithm: "gcra", limit: 100, windowMs: HOUR_MS, onError: "closed" };
      await send(workers.urls[0] ?? "", "PUT", policy, definition);
      passed.push(await passedOf200(policy));
    }
    expect(passed).toEqual(Array.from({ length: 20 }, () => 100));
  });
});
