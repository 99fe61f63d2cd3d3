import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { Hono } from "hono";
import { describe, inject, it, vi } from "vitest";
import { OTHER, SUBJECTS_MAX, type Totals } from "../../../shared/metrics/totals.ts";
import type { AppEnv } from "../app-env.ts";
import { endpoint } from "../endpoint.ts";
import { startShell } from "../testing/shell.ts";

const spec = { summary: "", scope: null, mutates: false, replies: {} } as const;

/** A shell whose operations are named after the test, because all tests of the file share a hub. */
function shellFor(pattern: string) {
  const routes = new Hono<AppEnv>()
    .get("/ok", endpoint({ ...spec, operation: `${pattern}.ok` }), async (c) => {
      await c.get("deps").redis.command(["PING"]);
      return c.json({});
    })
    .get("/bug", endpoint({ ...spec, operation: `${pattern}.bug` }), () => {
      throw new Error("bug");
    })
    .get("/secret", endpoint({ ...spec, operation: `${pattern}.secret`, scope: "read" }), (c) =>
      c.json({}),
    )
    .get("/later", endpoint({ ...spec, operation: `${pattern}.later` }), (c) => {
      const deps = c.get("deps");
      deps.countEvent(pattern, "seen", 2);
      deps.afterReply(async ({ redis }) => redis.command(["PING"]));
      return c.json({});
    });
  return startShell({ env, key: inject("apiKey"), routes });
}

async function metricsOf(pattern: string, call: ReturnType<typeof shellFor>["call"]) {
  const answer = await call("/metrics");
  if (answer.status !== 200) throw new Error(answer.text);
  const samples = answer.text
    .split("\n")
    .filter((line) => line.includes(`pattern="${pattern}"`) && !line.includes("duration"));
  return { samples, answer };
}

const hub = () => env.METRICS_HUB.getByName("metrics");

const batchOf = (source: string, sequence: number, delta: Totals) => ({ source, sequence, delta });

describe("/metrics", () => {
  it("counts what the isolate that is asked has seen until now, failures too", async ({
    expect,
  }) => {
    vi.spyOn(console, "error").mockImplementation(() => undefined);
    const { call } = shellFor("counted");
    for (let i = 0; i < 3; i += 1) await call("/t/ok");
    await call("/t/ok?x=1");
    await call("/t/bug");
    await call("/t/secret", { headers: { Authorization: "" } });
    const { samples, answer } = await metricsOf("counted", call);
    expect(answer.headers.get("Content-Type")).toBe("text/plain; version=0.0.4; charset=utf-8");
    const of = (operation: string) => `pattern="counted",operation="${operation}"`;
    expect(samples).toEqual([
      `edge_kv_requests_total{${of("bug")},status="500"} 1`,
      `edge_kv_requests_total{${of("ok")},status="200"} 3`,
      `edge_kv_requests_total{${of("ok")},status="400"} 1`,
      `edge_kv_requests_total{${of("secret")},status="401"} 1`,
      `edge_kv_errors_total{${of("bug")},code="internal"} 1`,
      `edge_kv_errors_total{${of("ok")},code="bad_query"} 1`,
      `edge_kv_errors_total{${of("secret")},code="unauthorized"} 1`,
      `edge_kv_store_round_trips_total{${of("bug")}} 0`,
      `edge_kv_store_round_trips_total{${of("ok")}} 3`,
      `edge_kv_store_round_trips_total{${of("secret")}} 0`,
      `edge_kv_store_requests_total{${of("bug")}} 0`,
      `edge_kv_store_requests_total{${of("ok")}} 3`,
      `edge_kv_store_requests_total{${of("secret")}} 0`,
    ]);
    const count = answer.text.match(/duration_seconds_count\{pattern="counted",operation="ok"\} 4/);
    expect(count).not.toBeNull();
  });

  it("counts requests that no endpoint took in one series, whatever their paths", async ({
    expect,
  }) => {
    const { call } = shellFor("paths");
    const countOf = (text: string, status: string) =>
      Number(
        new RegExp(`requests_total\\{pattern="unmatched",status="${status}"\\} (\\d+)`).exec(
          text,
        )?.[1] ?? 0,
      );
    const before = (await call("/metrics")).text;
    for (let i = 0; i < 20; i += 1) await call(`/nowhere/${i}`);
    await call("/t/ok", { method: "DELETE" });
    const after = (await call("/metrics")).text;
    expect(countOf(after, "404") - countOf(before, "404")).toBe(20);
    expect(countOf(after, "405") - countOf(before, "405")).toBe(1);
    expect(after).not.toContain("nowhere");
  });

  it("sums over isolates", async ({ expect }) => {
    const isolates = [shellFor("summed"), shellFor("summed"), shellFor("summed")];
    for (const { call, works } of isolates) {
      await call("/t/ok");
      await Promise.all(works);
    }
    const { samples } = await metricsOf("summed", shellFor("other").call);
    expect(samples[0]).toMatch(/requests_total\{.*\} 3$/);
  });

  it("delivers in the background what was counted before traffic stopped", async ({ expect }) => {
    const { call, works } = shellFor("stopped");
    await call("/t/ok");
    await Promise.all(works);
    expect(await hub().read()).toMatchObject({ "stopped.ok": { "status:200": 1 } });
  });

  it("counts events and what happens after replies", async ({ expect }) => {
    const { call, works } = shellFor("later");
    await call("/t/later");
    await works[0];
    const { samples } = await metricsOf("later", call);
    expect(samples).toEqual(
      expect.arrayContaining([
        'edge_kv_events_total{pattern="later",event="seen"} 2',
        'edge_kv_background_runs_total{pattern="later",operation="later",outcome="done"} 1',
        'edge_kv_background_store_requests_total{pattern="later",operation="later"} 1',
      ]),
    );
  });

  it("wants a key", async ({ expect }) => {
    const answer = await shellFor("key").call("/metrics", { headers: { Authorization: "" } });
    expect(answer.code).toBe("unauthorized");
  });

  it("says so when the hub is not bound", async ({ expect }) => {
    vi.spyOn(console, "error").mockImplementation(() => undefined);
    const { METRICS_HUB: _, ...unbound } = env;
    const { call } = startShell({ env: unbound as Env, key: inject("apiKey") });
    const answer = await call("/metrics");
    expect([answer.code, answer.text.includes("METRICS_HUB is not bound")]).toEqual([
      "not_configured",
      true,
    ]);
  });
});

describe("the metrics hub", () => {
  it("adds a batch once, however often it comes and however late", async ({ expect }) => {
    const first = batchOf("isolate-a", 1, { "once.get": { "status:200": 2 } });
    const second = batchOf("isolate-a", 2, { "once.get": { "status:200": 5 } });
    for (const batch of [first, first, second, first, second]) await hub().add(batch);
    await hub().add(batchOf("isolate-b", 1, { "once.get": { "status:200": 10 } }));
    expect(await hub().read()).toMatchObject({ "once.get": { "status:200": 17 } });
  });

  it("keeps totals and batch numbers when it is restarted", async ({ expect }) => {
    const batch = batchOf("isolate-c", 1, { "kept.get": { "status:200": 3, "le:0.01": 3 } });
    await hub().add(batch);
    await evictDurableObject(hub());
    await hub().add(batch);
    expect(await hub().read()).toMatchObject({ "kept.get": { "status:200": 3, "le:0.01": 3 } });
  });

  it("holds a bounded number of subjects, and counts the rest as other", async ({ expect }) => {
    const many = Object.fromEntries(
      Array.from({ length: SUBJECTS_MAX + 20 }, (_, i) => [`many.${i}`, { trips: 1 }]),
    );
    await hub().add(batchOf("isolate-d", 1, many));
    const totals: Totals = await hub().read();
    expect(Object.keys(totals).length).toBeLessThanOrEqual(SUBJECTS_MAX + 1);
    expect(totals[OTHER]?.["trips"]).toBeGreaterThanOrEqual(20);
  });

  it("forgets the batch numbers of isolates that are long gone", async ({ expect }) => {
    await hub().add(batchOf("isolate-old", 1, { "gone.get": { trips: 1 } }));
    await runInDurableObject(hub(), (_, { storage }) => {
      storage.sql.exec("UPDATE sources SET seen_at_ms = 0 WHERE source = 'isolate-old'");
    });
    await evictDurableObject(hub());
    await hub().add(batchOf("isolate-new", 1, { "gone.get": { trips: 1 } }));
    const sources = await runInDurableObject(hub(), (_, { storage }) =>
      storage.sql.exec<{ source: string }>("SELECT source FROM sources").toArray(),
    );
    const names = sources.map(({ source }) => source);
    expect([names.includes("isolate-old"), names.includes("isolate-new")]).toEqual([false, true]);
  });
});
