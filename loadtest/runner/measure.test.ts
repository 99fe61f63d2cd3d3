import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, it } from "vitest";
import type { JourneyMeta } from "../protocol/journey-meta.ts";
import { RunStoppedError } from "../stopping.ts";
import { type MeasureOptions, measure } from "./measure.ts";

const META: JourneyMeta = {
  pattern: "leaderboard",
  workload: "w",
  verifies: "v",
  consistency: "fresh",
  operations: [{ id: "a", label: "A", kind: "read", share: 1, storeCommands: 1 }],
  sideRequests: 0,
  sideCommands: 0,
};

const folder = mkdtempSync(join(tmpdir(), "kv-measure-"));
const pidFile = join(folder, "pid");
const k6Path = join(folder, "k6");
// Says who it is and goes on for longer than any test.
writeFileSync(k6Path, `#!/bin/sh\necho $$ > "${pidFile}"\nexec sleep 120\n`);
chmodSync(k6Path, 0o755);
afterAll(() => rmSync(folder, { recursive: true }));

const options = (signal: AbortSignal, stack: () => null): MeasureOptions => ({
  journey: { path: "journey.ts", meta: META },
  tier: "light",
  load: {
    k6Path,
    journeyPath: "journey.ts",
    target: {
      kind: "local",
      name: "nobody",
      url: "http://127.0.0.1:1",
      key: "k",
      stack,
      close: async () => {},
    },
    loadId: "load",
    requests: 1,
    vus: 1,
    seed: 1,
  },
  warmupRequests: 0,
  onProgress: () => {},
  signal,
});

describe("a load that cannot be measured", () => {
  it("is not begun when the run has been stopped already", async ({ expect }) => {
    await expect(measure(options(AbortSignal.abort(), () => null))).rejects.toThrow(
      RunStoppedError,
    );
    expect(existsSync(pidFile)).toBe(false);
  });

  it("leaves no k6 behind when something else fails while it runs", async ({ expect }) => {
    const failing = () => {
      const giveUpMs = Date.now() + 10_000;
      while (readPid() === 0 && Date.now() < giveUpMs);
      throw new Error("the stack file cannot be read");
    };
    await expect(measure(options(new AbortController().signal, failing))).rejects.toThrow(
      "the stack file cannot be read",
    );
    const pid = readPid();
    expect(pid).toBeGreaterThan(0);
    await expect.poll(() => isAlive(pid)).toBe(false);
  });
});

const readPid = (): number => (existsSync(pidFile) ? Number(readFileSync(pidFile, "utf8")) : 0);

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
