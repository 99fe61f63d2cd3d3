import { describe, it } from "vitest";
import { installAdvice, isRecentGo, parseK6Version } from "../k6.ts";
import type { JourneyMeta } from "../protocol/journey-meta.ts";
import { estimateCost } from "./cost.ts";
import { OptionError, parseTiers, readLabOptions } from "./options.ts";
import { countedBetween, sumCommandStats } from "./store-counters.ts";
import { isLoopback, resolveTarget, TargetError } from "./target.ts";

const META: JourneyMeta = {
  pattern: "leaderboard",
  workload: "w",
  verifies: "v",
  consistency: "fresh",
  operations: [
    { id: "a", label: "A", kind: "read", share: 0.75, storeCommands: 2 },
    { id: "b", label: "B", kind: "write", share: 0.25, storeCommands: 8 },
  ],
  sideRequests: 10,
};

describe("the lab's arguments", () => {
  it("measures everything lightly unless told otherwise", ({ expect }) => {
    const options = readLabOptions([]);
    expect(options).toMatchObject({
      tiers: ["light"],
      patterns: null,
      target: null,
      vus: 16,
      seed: 1,
      yes: false,
    });
  });

  it("takes one tier, several, or all, and refuses any other", ({ expect }) => {
    expect(parseTiers("all")).toEqual(["light", "medium", "heavy"]);
    expect(parseTiers("light,heavy")).toEqual(["light", "heavy"]);
    expect(() => parseTiers("huge")).toThrow(OptionError);
  });

  it("bounds the callers", ({ expect }) => {
    expect(() => readLabOptions(["--vus", "0"])).toThrow(/1 to 256/);
    expect(() => readLabOptions(["--vus", "257"])).toThrow(/1 to 256/);
    expect(readLabOptions(["--vus", "256"]).vus).toBe(256);
  });

  it("wants the key with a target, and a target with a key", async ({ expect }) => {
    const options = { url: null, key: null, dataDir: "/nonexistent" };
    const say = () => {};
    await expect(resolveTarget({ ...options, url: "https://kv.example.com" }, say)).rejects.toThrow(
      TargetError,
    );
    await expect(resolveTarget({ ...options, key: "k" }, say)).rejects.toThrow(/give both/);
    await expect(
      resolveTarget({ ...options, url: "kv.example.com", key: "k" }, say),
    ).rejects.toThrow(/is not a URL/);
  });

  it("takes only loopback addresses for the local machine", async ({ expect }) => {
    expect(["http://127.0.0.1:8787", "http://localhost", "http://[::1]:1"].every(isLoopback)).toBe(
      true,
    );
    expect(
      ["https://kv.example.com", "http://127.0.0.1.example.com", "http://10.0.0.1"].some(
        isLoopback,
      ),
    ).toBe(false);
    const target = await resolveTarget(
      { url: "https://kv.example.com/path", key: "k", dataDir: "/nonexistent" },
      () => {},
    );
    expect(target).toMatchObject({
      kind: "remote",
      name: "kv.example.com",
      url: "https://kv.example.com",
    });
  });
});

describe("the cost of a run", () => {
  it("counts measured and other requests, and commands by the mix", ({ expect }) => {
    expect(estimateCost([{ meta: META, requests: 1_000 }])).toEqual({
      requests: 1_010,
      storeCommands: 1_000 * (0.75 * 2 + 0.25 * 8) + 10 * 8,
    });
    expect(estimateCost([])).toEqual({ requests: 0, storeCommands: 0 });
  });
});

describe("k6", () => {
  it("is taken in majors 1 and 2", ({ expect }) => {
    expect(parseK6Version("k6 v1.8.1 (go1.26.8, linux/amd64)")).toBe("1.8.1");
    expect(parseK6Version("k6.exe v2.3.0 (commit/abc, go1.27)")).toBe("2.3.0");
    expect(parseK6Version("k6 v0.57.0 (go1.23)")).toBeNull();
    expect(parseK6Version("command not found")).toBeNull();
  });

  it("is built with Go 1.25 or newer, else there is advice for the platform", ({ expect }) => {
    expect(["1.25", "1.26.8", "2.0"].every(isRecentGo)).toBe(true);
    expect(["1.24.9", "1.9"].some(isRecentGo)).toBe(false);
    expect(installAdvice("Go is not installed", "darwin")).toMatch(/brew install k6/);
    expect(installAdvice("Go is not installed", "linux")).toMatch(/grafana\.com/);
  });
});

describe("the stores' counters", () => {
  it("give what happened between two readings, also across a restart of the gateway", ({
    expect,
  }) => {
    const before = [
      { id: "main", requests: 10, commands: 50 },
      { id: "node-1", requests: 5, commands: 5 },
    ];
    const after = [
      { id: "main", requests: 25, commands: 110 },
      { id: "node-1", requests: 5, commands: 5 },
      { id: "postgres", requests: 2, commands: 3 },
    ];
    expect(countedBetween(before, after)).toEqual([
      { id: "main", requests: 15, commands: 60 },
      { id: "postgres", requests: 2, commands: 3 },
    ]);
    expect(countedBetween(after, before)).toEqual([]);
    expect(countedBetween(null, after)).toBeNull();
  });

  it("add up what Redis executed, also inside scripts, without its housekeeping", ({ expect }) => {
    const info = [
      "# Commandstats",
      "cmdstat_evalsha:calls=2,usec=9,usec_per_call=4.5,rejected_calls=0,failed_calls=0",
      "cmdstat_zadd:calls=6,usec=9,usec_per_call=1.5,rejected_calls=0,failed_calls=0",
      "cmdstat_client|setname:calls=40,usec=1,usec_per_call=1,rejected_calls=0,failed_calls=0",
      "cmdstat_ping:calls=7,usec=1,usec_per_call=1,rejected_calls=0,failed_calls=0",
    ].join("\r\n");
    expect(sumCommandStats(info)).toBe(8);
  });
});
