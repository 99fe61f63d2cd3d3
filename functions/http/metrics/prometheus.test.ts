import { describe, it } from "vitest";
import { prometheusText } from "./prometheus.ts";
import { LATENCY_BOUNDS_S, metricsRegistry } from "./registry.ts";

const lines = (text: string, name: string) =>
  text.split("\n").filter((line) => line.startsWith(name));

describe("the text of /metrics", () => {
  it("shows each counter with pattern, operation and label", ({ expect }) => {
    const metrics = metricsRegistry();
    const reply = { status: 200, code: null, durationMs: 4, trips: 1, requests: 2 };
    metrics.countReply("leaderboard.submit", reply);
    metrics.countReply("leaderboard.submit", { ...reply, status: 409, code: "board_differs" });
    metrics.countReply("unmatched", { ...reply, status: 404, code: "no_such_endpoint" });
    metrics.countBackground("cache-aside.drain", "failed", 3);
    metrics.countEvent("metrics", "batches_lost");
    const text = prometheusText(metrics.drain() ?? {});
    const samples = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
    expect(samples.filter((line) => !line.includes("duration"))).toEqual([
      'edge_kv_requests_total{pattern="leaderboard",operation="submit",status="200"} 1',
      'edge_kv_requests_total{pattern="leaderboard",operation="submit",status="409"} 1',
      'edge_kv_requests_total{pattern="unmatched",status="404"} 1',
      'edge_kv_errors_total{pattern="leaderboard",operation="submit",code="board_differs"} 1',
      'edge_kv_errors_total{pattern="unmatched",code="no_such_endpoint"} 1',
      'edge_kv_store_round_trips_total{pattern="leaderboard",operation="submit"} 2',
      'edge_kv_store_round_trips_total{pattern="unmatched"} 1',
      'edge_kv_store_requests_total{pattern="leaderboard",operation="submit"} 4',
      'edge_kv_store_requests_total{pattern="unmatched"} 2',
      'edge_kv_background_runs_total{pattern="cache-aside",operation="drain",outcome="failed"} 1',
      'edge_kv_background_store_requests_total{pattern="cache-aside",operation="drain"} 3',
      'edge_kv_events_total{pattern="metrics",event="batches_lost"} 1',
    ]);
  });

  it("sums a histogram up over all bounds, also those nothing fell into", ({ expect }) => {
    const text = prometheusText({
      "a.get": { "status:200": 6, "le:0.001": 2, "le:0.01": 3, "le:+Inf": 1, durationMs: 20_025 },
    });
    const buckets = lines(text, "edge_kv_request_duration_seconds_bucket");
    expect(buckets.length).toBe(LATENCY_BOUNDS_S.length + 1);
    const countAt = (bound: string) =>
      buckets
        .find((line) => line.includes(`le="${bound}"`))
        ?.split(" ")
        .at(-1);
    expect(["0.0005", "0.001", "0.005", "0.01", "10", "+Inf"].map(countAt)).toEqual([
      "0",
      "2",
      "2",
      "5",
      "5",
      "6",
    ]);
    expect(lines(text, "edge_kv_request_duration_seconds_sum")[0]).toMatch(/ 20\.025$/);
    expect(lines(text, "edge_kv_request_duration_seconds_count")[0]).toMatch(/ 6$/);
  });

  it("keeps a bucket of another version where it belongs", ({ expect }) => {
    const text = prometheusText({ "a.get": { "le:0.004": 1, "le:0.02": 1, durationMs: 1 } });
    const buckets = lines(text, "edge_kv_request_duration_seconds_bucket");
    const counts = buckets.map((line) => Number(line.split(" ").at(-1)));
    expect(counts).toEqual(counts.toSorted((a, b) => a - b));
    expect(buckets.some((line) => line.includes('le="0.004"} 1'))).toBe(true);
  });

  it("says of each metric what it is, before its samples", ({ expect }) => {
    const text = prometheusText({});
    const helps = lines(text, "# HELP").map((line) => line.split(" ")[2]);
    const types = lines(text, "# TYPE").map((line) => line.split(" ")[2]);
    expect(helps).toEqual(types);
    expect(text.endsWith("\n")).toBe(true);
  });

  it("escapes what a label may not hold", ({ expect }) => {
    expect(prometheusText({ 'a.b"\\\n': { trips: 1 } })).toContain('operation="b\\"\\\\\\n"');
  });
});
