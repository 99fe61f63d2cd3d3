import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, it } from "vitest";
import { writeStackFile } from "../../local/stack-file.ts";
import { installAdvice, isRecentGo, parseK6Version } from "../k6.ts";
import type { JourneyMeta } from "../protocol/journey-meta.ts";
import { estimateCost } from "./cost.ts";
import { OptionError, parseTiers, readLabOptions } from "./options.ts";
import { isLoopback, resolveTarget, TargetError } from "./target.ts";

const running = new AbortController().signal;

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
  sideCommands: 900,
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
    await expect(
      resolveTarget({ ...options, url: "https://kv.example.com" }, say, running),
    ).rejects.toThrow(TargetError);
    await expect(resolveTarget({ ...options, key: "k" }, say, running)).rejects.toThrow(
      /give both/,
    );
    await expect(
      resolveTarget({ ...options, url: "kv.example.com", key: "k" }, say, running),
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
      running,
    );
    expect(target).toMatchObject({
      kind: "remote",
      name: "kv.example.com",
      url: "https://kv.example.com",
    });
  });
});

describe("the cost of a run", () => {
  it("counts measured and other requests of each run of k6, and commands by the mix", ({
    expect,
  }) => {
    const warmUp = { meta: META, requests: 2_000 };
    const light = { meta: META, requests: 1_000 };
    expect(estimateCost([warmUp, light])).toEqual({
      requests: 3_000 + 2 * 10,
      storeCommands: 3_000 * (0.75 * 2 + 0.25 * 8) + 2 * 900,
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

describe("a target on this machine", () => {
  const folder = mkdtempSync(join(tmpdir(), "kv-target-"));
  afterAll(() => rmSync(folder, { recursive: true }));
  const say = () => {};
  const targetOf = (url: string) => resolveTarget({ url, key: "k", dataDir: folder }, say, running);

  it("is the stack under any name of the machine, and only on the stack's port", async ({
    expect,
  }) => {
    const server = { id: "main", url: "http://127.0.0.1:1", token: "t", port: 1, pid: 1 };
    writeStackFile(folder, {
      url: "http://127.0.0.1:8787",
      key: "stack-key",
      pid: process.pid,
      worker: { pid: process.pid },
      redis: { main: server, nodes: [], shards: [] },
      postgres: { url: "postgres://127.0.0.1:1", sqlUrl: "http://127.0.0.1:1" },
      faults: { url: "http://127.0.0.1:1" },
    });
    for (const url of ["http://localhost:8787", "http://127.0.0.1:8787/x", "http://[::1]:8787"]) {
      const target = await targetOf(url);
      expect(target).toMatchObject({ kind: "local", name: "local stack" });
      expect(target.stack()?.pid).toBe(process.pid);
    }
    const beside = await targetOf("http://localhost:8788");
    expect(beside).toMatchObject({ kind: "local", name: "localhost:8788" });
    expect(beside.stack()).toBeNull();
    const secure = await targetOf("https://localhost:8787");
    expect(secure.stack()).toBeNull();
    expect(await targetOf("https://kv.example.com:8443")).toMatchObject({
      kind: "remote",
      name: "kv.example.com:8443",
    });
  });

  it("gives its own key to nobody else", async ({ expect }) => {
    const options = { key: null, dataDir: folder };
    const stack = await resolveTarget({ ...options, url: "http://localhost:8787" }, say, running);
    expect(stack.key).toBe("stack-key");
    await expect(
      resolveTarget({ ...options, url: "http://localhost:8788" }, say, running),
    ).rejects.toThrow(TargetError);
  });
});
