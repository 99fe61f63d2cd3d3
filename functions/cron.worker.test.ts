import { env } from "cloudflare:workers";
import { describe, it, vi } from "vitest";
import { UpstreamError } from "../shared/kernel/errors.ts";
import { CRON_JOB_MS, type CronJob, runCronJobs } from "./cron.ts";
import { createDepsFor } from "./deps.ts";

async function tick(jobs: readonly CronJob[], bindings: Readonly<Record<string, string>> = {}) {
  const logged = vi.spyOn(console, "error").mockImplementation(() => undefined);
  const works: Promise<unknown>[] = [];
  const bound: Env = { ...env, ...bindings };
  await runCronJobs(jobs, createDepsFor(), { env: bound, waitUntil: (work) => works.push(work) });
  const lines = logged.mock.calls.map(([line]) => JSON.parse(String(line)) as object);
  vi.restoreAllMocks();
  await Promise.all(works);
  const totals = await env.METRICS_HUB.getByName("metrics").read();
  return { lines, totals };
}

describe("a tick of the clock", () => {
  it("runs every job with stores, configuration and a deadline", async ({ expect }) => {
    const seen: unknown[] = [];
    const job: CronJob = {
      operation: "cron-a.run",
      run: async ({ redis, attempts }, config) => {
        seen.push(await redis.command(["PING"]), config.instance);
        seen.push(attempts.deadline.remainingMs() > CRON_JOB_MS - 1_000);
      },
    };
    const { totals, lines } = await tick([job]);
    expect([seen, lines]).toEqual([["PONG", "test", true], []]);
    expect(totals).toMatchObject({
      "cron-a.run": { "background:done": 1, backgroundRequests: 1 },
    });
  });

  it("runs the others when one fails, and logs the one", async ({ expect }) => {
    const ran: string[] = [];
    const job = (operation: string, run: () => Promise<unknown>): CronJob => ({ operation, run });
    const failure = new UpstreamError({
      dependency: "postgres",
      fault: "timeout",
      outcome: "unknown",
    });
    const { lines, totals } = await tick([
      job("cron-b.fail", () => Promise.reject(failure)),
      job("cron-b.bug", () => Promise.reject(new Error("canary"))),
      job("cron-b.run", async () => ran.push("ran")),
    ]);
    expect(ran).toEqual(["ran"]);
    const requestId = expect.any(String);
    expect(lines).toEqual([
      {
        level: "error",
        requestId,
        operation: "cron-b.fail",
        code: "job_failed",
        dependency: "postgres",
        fault: "timeout",
      },
      expect.objectContaining({ operation: "cron-b.bug", code: "job_failed", error: "Error" }),
    ]);
    expect(JSON.stringify(lines)).not.toContain("canary");
    expect(totals).toMatchObject({ "cron-b.fail": { "background:failed": 1 } });
  });

  it("says nothing of a job whose store is not configured", async ({ expect }) => {
    const job: CronJob = {
      operation: "cron-c.run",
      run: async ({ postgres }) => postgres.query("SELECT 1", []),
    };
    const { lines, totals } = await tick([job], { DATABASE_URL: "" });
    expect(lines).toEqual([]);
    expect(totals).toMatchObject({ "cron-c.run": { "background:not_configured": 1 } });
  });

  it("gives no job a store while nobody knows whose keys are the instance's", async ({
    expect,
  }) => {
    const jobs: readonly CronJob[] = [
      { operation: "cron-d.redis", run: async ({ redis }) => redis.command(["PING"]) },
      { operation: "cron-d.postgres", run: async ({ postgres }) => postgres.query("SELECT 1", []) },
    ];
    const { lines, totals } = await tick(jobs, { INSTANCE: "a b" });
    const unusable = { "background:not_configured": 1 };
    expect(lines).toEqual([]);
    expect(totals).toMatchObject({ "cron-d.redis": unusable, "cron-d.postgres": unusable });
  });
});
