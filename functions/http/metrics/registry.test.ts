import { describe, it } from "vitest";
import { COUNTERS_MAX, SUBJECTS_MAX } from "../../../shared/metrics/totals.ts";
import { type CountedReply, metricsRegistry } from "./registry.ts";

const REPLY: CountedReply = { status: 200, code: null, durationMs: 4, trips: 1, requests: 2 };

describe("counting in an isolate", () => {
  it("counts status, code, latency, trips and requests by operation", ({ expect }) => {
    const metrics = metricsRegistry();
    metrics.countReply("a.get", REPLY);
    metrics.countReply("a.get", {
      ...REPLY,
      status: 503,
      code: "redis_unavailable",
      durationMs: 0.4,
    });
    metrics.countReply("b.put", { ...REPLY, durationMs: 20_000, trips: 0, requests: 0 });
    expect(metrics.drain()).toEqual({
      "a.get": {
        "status:200": 1,
        "status:503": 1,
        "code:redis_unavailable": 1,
        "le:0.0005": 1,
        "le:0.005": 1,
        durationMs: 4.4,
        trips: 2,
        requests: 4,
      },
      "b.put": { "status:200": 1, "le:+Inf": 1, durationMs: 20_000, trips: 0, requests: 0 },
    });
  });

  it("puts a latency that equals a bound into its bucket", ({ expect }) => {
    const metrics = metricsRegistry();
    metrics.countReply("a.get", { ...REPLY, durationMs: 5 });
    metrics.countReply("a.get", { ...REPLY, durationMs: 5.01 });
    expect(metrics.drain()).toMatchObject({ "a.get": { "le:0.005": 1, "le:0.0075": 1 } });
  });

  it("counts background work and events beside replies", ({ expect }) => {
    const metrics = metricsRegistry();
    metrics.countBackground("a.drain", "done", 3);
    metrics.countBackground("a.drain", "failed", 1);
    metrics.countEvent("a", "hits");
    metrics.countEvent("a", "hits", 4);
    expect(metrics.drain()).toEqual({
      "a.drain": { "background:done": 1, "background:failed": 1, backgroundRequests: 4 },
      a: { "event:hits": 5 },
    });
  });

  it("hands out a count once", ({ expect }) => {
    const metrics = metricsRegistry();
    metrics.countReply("a.get", REPLY);
    expect(metrics.drain()).not.toBeNull();
    expect(metrics.drain()).toBeNull();
  });

  it("holds a bounded number of series, and loses no count for it", ({ expect }) => {
    const metrics = metricsRegistry();
    for (let i = 0; i < SUBJECTS_MAX + 10; i += 1) metrics.countReply(`op.${i}`, REPLY);
    for (let i = 0; i < COUNTERS_MAX + 50; i += 1) metrics.countEvent("op.1", `e${i}`);
    const delta = new Map(Object.entries(metrics.drain() ?? {}));
    expect(delta.size).toBeLessThanOrEqual(SUBJECTS_MAX + 1);
    expect(delta.get("other")).toMatchObject({ "status:200": 10 });
    const one = delta.get("op.1") ?? {};
    expect(Object.keys(one).length).toBeLessThanOrEqual(COUNTERS_MAX + 1);
    expect(one).toMatchObject({ "status:200": 1, trips: 1, requests: 2, durationMs: 4 });
  });
});
